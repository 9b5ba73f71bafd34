// Loaded into every thread of a drilled process: ends it by SIGKILL at a planted point, the n-th time that a thread comes there.
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync } from "node:sqlite";

const plan = process.env.EARSHOT_DRILL_POINT === undefined ? undefined : JSON.parse(process.env.EARSHOT_DRILL_POINT);

if (plan !== undefined) {
  const path = new RegExp(plan.path);
  let left = plan.nth;
  const reach = (operation, when, place) => {
    if (operation !== plan.operation || when !== plan.when || !path.test(place)) return;
    left--;
    if (left > 0) return;
    process.kill(process.pid, "SIGKILL");
  };
  const around = async (operation, place, work) => {
    reach(operation, "before", place);
    const result = await work();
    reach(operation, "after", place);
    return result;
  };

  const paths = new WeakMap();
  const { open, rename, unlink } = fs;
  fs.open = async (file, ...rest) => {
    const handle = await open(file, ...rest);
    paths.set(handle, String(file));
    return handle;
  };
  fs.rename = (from, to) => around("rename", String(to), () => rename(from, to));
  fs.unlink = (file) => around("remove", String(file), () => unlink(file));
  const probe = await open("/dev/null");
  const prototype = Object.getPrototypeOf(probe);
  await probe.close();
  for (const name of ["sync", "datasync"]) {
    const original = prototype[name];
    prototype[name] = function sync() {
      return around("sync", paths.get(this) ?? "", () => original.call(this));
    };
  }
  syncBuiltinESMExports();

  const exec = Reflect.get(DatabaseSync.prototype, "exec");
  DatabaseSync.prototype.exec = function commit(sql) {
    const place = /^\s*commit\b/i.test(sql) ? (this.location() ?? "") : undefined;
    if (place !== undefined) reach("commit", "before", place);
    exec.call(this, sql);
    if (place !== undefined) reach("commit", "after", place);
  };

  if (plan.operation === "catalog") {
    const { default: pg } = await import("pg");
    const query = Reflect.get(pg.Client.prototype, "query");
    pg.Client.prototype.query = function asked(config, ...rest) {
      const text = typeof config === "string" ? config : (config?.text ?? "");
      const result = Reflect.apply(query, this, [config, ...rest]);
      if (!path.test(text)) return result;
      if (plan.when === "before") reach("catalog", "before", text);
      else if (typeof result?.then === "function") return result.then((value) => (reach("catalog", "after", text), value));
      return result;
    };
  }
}
