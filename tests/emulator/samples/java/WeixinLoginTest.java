// JUnit 5 and nothing else. The emulator runs beside the tests, as compose.yml or github-actions.yml starts it; in the place of Site stands yours,
// where WeChat's two addresses can be set.
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WeixinLoginTest {
  private static final String EMULATOR = System.getenv().getOrDefault("WEIXIN_EMULATOR_URL", "http://127.0.0.1:8080");
  private final HttpClient http = HttpClient.newBuilder().cookieHandler(new java.net.CookieManager()).build();
  private Site site;

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
    String authorizeUrl = get(site.url() + "/login").headers().firstValue("Location").orElseThrow();
    String answer = control("code", "{\"authorize_url\":\"" + authorizeUrl + "\"}");
    Matcher redirect = Pattern.compile("\"redirect_url\":\"([^\"]+)\"").matcher(answer);
    if (!redirect.find()) throw new AssertionError(answer);
    return get(redirect.group(1));
  }

  @BeforeEach
  void beginAnew() throws Exception {
    control("reset", "null");
    site = new Site(EMULATOR, EMULATOR, "wx0123456789abcdef", "0f1e2d3c4b5a69788796a5b4c3d2e1f0");
  }

  @AfterEach
  void end() {
    site.stop();
  }

  @Test
  void aPersonLogsIn() throws Exception {
    assertEquals("陈锴", logIn().body());
  }

  @Test
  void aCodeThatWeixinRefusesIsTold() throws Exception {
    control("fault", "{\"call\":\"access_token\",\"fault\":{\"kind\":\"errcode\",\"errcode\":40029},\"times\":1}");
    HttpResponse<String> answer = logIn();
    assertEquals(502, answer.statusCode());
    assertEquals("WeChat says 40029", answer.body());
  }
}
