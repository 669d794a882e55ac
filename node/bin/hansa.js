#!/usr/bin/env node
// Starts src/cli/run.ts in the workspace and its bundle in the published package. The sources need Node 24, which the
// workspace carries, so an older Node hands over to that one.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const NEEDED = 24

const here = fileURLToPath(import.meta.url)
const home = dirname(dirname(here))
const source = join(home, 'src', 'cli', 'run.ts')
const run = existsSync(source) ? source : join(home, 'dist', 'command', 'run.js')

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  // Halves the time to start. Beside the code and not in a directory that others can write to.
  const { enableCompileCache } = await import('node:module')
  enableCompileCache(join(home, 'node_modules', '.cache', 'hansa'))
  await import(pathToFileURL(run).href)
} else {
  const node = carriedNode(home)
  if (node === undefined) {
    process.stderr.write(
      `hansa needs Node ${NEEDED} and this is ${process.version}. Install it, or run "npm run setup" in the workspace.\n`,
    )
    process.exitCode = 3
  } else {
    handOver(node)
  }
}

/** The nearest node_modules/.bin/node above. */
function carriedNode(from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const node = join(folder, 'node_modules', '.bin', 'node')
    if (existsSync(node)) return node
    if (folder === dirname(folder)) return undefined
  }
}

/** The channel tells the child when this process is gone, also when it was killed. */
function handOver(node) {
  const child = spawn(node, [here, ...process.argv.slice(2)], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0)
    if (child.connected) child.disconnect()
  })
  child.on('error', (error) => {
    process.stderr.write(`hansa: cannot start ${node}: ${error.message}\n`)
    process.exitCode = 1
  })
}
