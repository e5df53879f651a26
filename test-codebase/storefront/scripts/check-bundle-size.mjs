// Fails the build when the shop's JavaScript grows too heavy for a phone on a slow line.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 180;

/** The size of a file as the browser downloads it, in kilobytes. */
async function compressedKb(path) {
  return gzipSync(await readFile(path)).length / 1024;
}

const folder = process.argv[2] ?? "dist/assets";
const scripts = (await readdir(folder)).filter((name) => name.endsWith(".js"));
const sizes = await Promise.all(
  scripts.map(async (name) => ({ name, kb: await compressedKb(join(folder, name)) })),
);
const total = sizes.reduce((sum, script) => sum + script.kb, 0);

for (const { name, kb } of sizes.sort((a, b) => b.kb - a.kb)) {
  console.log(`${kb.toFixed(1).padStart(8)} kB  ${name}`);
}
console.log(`${total.toFixed(1).padStart(8)} kB  in all, of ${BUDGET_KB} kB allowed`);

if (total > BUDGET_KB) {
  console.error("The bundle is over budget. Load a part of it later with import(), or drop a dependency.");
  process.exit(1);
}
