// JUnit 5 and nothing else, for a site whose addresses of WeChat can be set (Spring: weixin.open-url, weixin.api-url). The emulator runs beside
// the tests, as compose.yml or github-actions.yml starts it. This file is read by people; no test of this project runs it.
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WeixinLoginTest {
  private static final String EMULATOR = System.getenv().getOrDefault("WEIXIN_EMULATOR_URL", "http://127.0.0.1:8080");
  private static final String SITE = System.getenv().getOrDefault("SITE", "http://localhost:3000");
  private final HttpClient http = HttpClient.newBuilder().cookieHandler(new java.net.CookieManager()).build();

  private HttpResponse<String> get(String address) throws Exception {
    return http.send(HttpRequest.newBuilder(URI.create(address)).build(), BodyHandlers.ofString());
  }

  private String control(String path, String json) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(EMULATOR + "/control/" + path))
        .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(json)).build();
    HttpResponse<String> answer = http.send(request, BodyHandlers.ofString());
    if (answer.statusCode() >= 300) throw new AssertionError(path + ": " + answer.body());
    return answer.body();
  }

  private HttpResponse<String> logIn() throws Exception {
    String authorizeUrl = get(SITE + "/login").headers().firstValue("Location").orElseThrow();
    String answer = control("code", "{\"authorize_url\":\"" + authorizeUrl + "\"}");
    Matcher redirect = Pattern.compile("\"redirect_url\":\"([^\"]+)\"").matcher(answer);
    if (!redirect.find()) throw new AssertionError(answer);
    return get(redirect.group(1));
  }

  @BeforeEach
  void beginAnew() throws Exception {
    control("reset", "null");
  }

  @Test
  void aPersonLogsIn() throws Exception {
    assertEquals("陈锴", logIn().body());
  }

  @Test
  void aCodeThatWeixinRefusesIsTold() throws Exception {
    control("fault", "{\"call\":\"access_token\",\"fault\":{\"kind\":\"errcode\",\"errcode\":40029},\"times\":1}");
    assertEquals(502, logIn().statusCode());
  }
}
