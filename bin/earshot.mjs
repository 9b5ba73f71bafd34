#!/usr/bin/env node
import { join } from "node:path";
import { programFlags, root, runNode } from "./node24.mjs";

process.exitCode = await runNode([...programFlags, join(root, "src", "cli", "main.ts"), ...process.argv.slice(2)]);
