// Leads WeChat's names to an emulator on this machine, for a Node.js program that has them built in. Loaded before it:
//   NODE_OPTIONS=--require=…/node.cjs NODE_EXTRA_CA_CERTS=…/ca.pem WEIXIN_EMULATOR_TLS=127.0.0.1:8443 node program.js
// Every connection of Node's passes here, fetch's too. The certificate is still asked for under WeChat's name.
"use strict";
const net = require("node:net");

const NAMES = new Set([
  "open.weixin.qq.com", "lp.open.weixin.qq.com", "api.weixin.qq.com", "mp.weixin.qq.com", "res.wx.qq.com", "thirdwx.qlogo.cn", "wx.qlogo.cn",
]);

function place(text) {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(text.slice(colon + 1)) };
}
const tls = place(process.env.WEIXIN_EMULATOR_TLS || "127.0.0.1:443");
const desktop = place(process.env.WEIXIN_EMULATOR_DESKTOP || "127.0.0.1:14013");

function led(options) {
  if (!options || typeof options !== "object") return options;
  if (NAMES.has(options.host)) return { ...options, ...tls, lookup: undefined };
  if (options.host === "localhost.weixin.qq.com") return { ...options, ...desktop, lookup: undefined };
  return options;
}

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  // net.connect hands on what it was given as one array, which it has marked; that mark must stay.
  if (Array.isArray(given[0])) given[0][0] = led(given[0][0]);
  else if (typeof given[0] === "object") given[0] = led(given[0]);
  else if (typeof given[0] === "number" && typeof given[1] === "string") {
    const options = led({ port: given[0], host: given[1] });
    given.splice(0, 2, options);
  }
  return connect.apply(this, given);
};
