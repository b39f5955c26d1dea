// A SQLite file that is as durable as the service's: WAL, and what was answered is on the disk.
import Database from "libsql";

export function open() {
  const database = new Database(process.env.STORE);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;");
  return database;
}
