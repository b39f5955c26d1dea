// Makes all attempts of a service's file old, as if nobody had swept for a while; says how many there are.
import { open } from "./store.js";

const database = open();
if (process.argv[2] === "expire") database.exec("UPDATE attempts SET expires_at = 1");
const { left } = database.prepare("SELECT count(*) AS left FROM attempts WHERE expires_at = 1").get();
console.log(JSON.stringify({ left }));
