// A site with a WeChat login of its own, without a framework.
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import static java.nio.charset.StandardCharsets.UTF_8;

final class Site {
  private final HttpClient http = HttpClient.newHttpClient();
  private final HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
  private final String openUrl, apiUrl, appid, secret;

  Site(String openUrl, String apiUrl, String appid, String secret) throws IOException {
    this.openUrl = openUrl;
    this.apiUrl = apiUrl;
    this.appid = appid;
    this.secret = secret;
    server.createContext("/login", exchange -> {
      exchange.getResponseHeaders().add("Location", this.openUrl + "/connect/qrconnect?appid=" + appid + "&redirect_uri="
          + URLEncoder.encode(url() + "/callback", UTF_8) + "&response_type=code&scope=snsapi_login&state=s#wechat_redirect");
      answer(exchange, 302, "");
    });
    server.createContext("/callback", this::callback);
    server.start();
  }

  // By name, as WeChat has callback domains.
  String url() {
    return "http://localhost:" + server.getAddress().getPort();
  }

  void stop() {
    server.stop(0);
  }

  private void callback(HttpExchange exchange) throws IOException {
    String code = value("(?:^|&)code=([^&]+)", exchange.getRequestURI().getRawQuery());
    String tokens = ask("oauth2/access_token?appid=" + appid + "&secret=" + secret + "&code=" + code + "&grant_type=authorization_code");
    String errcode = value("\"errcode\":(-?\\d+)", tokens);
    if (errcode != null) {
      answer(exchange, 502, "WeChat says " + errcode);
      return;
    }
    String person = ask("userinfo?access_token=" + text("access_token", tokens) + "&openid=" + text("openid", tokens));
    answer(exchange, 200, text("nickname", person));
  }

  private String ask(String path) throws IOException {
    try {
      return http.send(HttpRequest.newBuilder(URI.create(apiUrl + "/sns/" + path)).build(), BodyHandlers.ofString()).body();
    } catch (InterruptedException interrupted) {
      throw new IOException(interrupted);
    }
  }

  private static void answer(HttpExchange exchange, int status, String text) throws IOException {
    byte[] body = text.getBytes(UTF_8);
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    if (body.length > 0) exchange.getResponseBody().write(body);
    exchange.close();
  }

  // A site of yours has a library that reads JSON.
  private static String text(String name, String json) {
    return value("\"" + name + "\":\"((?:[^\"\\\\]|\\\\.)*)\"", json);
  }

  private static String value(String pattern, String text) {
    Matcher found = Pattern.compile(pattern).matcher(text);
    return found.find() ? found.group(1) : null;
  }
}
