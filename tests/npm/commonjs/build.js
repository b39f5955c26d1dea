// webpack 4 without a program of its own: `node build.js`.

const webpack = require("webpack");

webpack({ ...require("./webpack.config.js"), context: __dirname }, (error, stats) => {
  if (!error && !stats.hasErrors()) return;
  // What is thrown here it only prints.
  console.error(error ?? stats.toString());
  process.exitCode = 1;
});
