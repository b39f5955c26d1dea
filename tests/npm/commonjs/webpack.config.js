// webpack 4, as Vue CLI 4 has it.
module.exports = {
  mode: "production",
  // Its own hash is one that OpenSSL 3 does no longer.
  output: { hashFunction: "sha256" },
  entry: { page: "./page.js", wxlogin: "./wxlogin.js" },
};
