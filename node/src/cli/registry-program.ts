/** Adapter: finds the registry's own program and runs it in the place of this one. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'

/** Where it is from a folder above this file: in the workspace, or installed beside this package. */
const places = [
  ['registry-server', 'bin', 'hansa-registry.js'],
  ['node_modules', '@hansa', 'registry-server', 'bin', 'hansa-registry.js'],
]

/** @returns the nearest one above `from`. */
export function findRegistry(from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = places.map((place) => join(folder, ...place)).find((path) => existsSync(path))
    if (found !== undefined) return found
    if (folder === dirname(folder)) return undefined
  }
}

const FORWARDED = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/** Signals go to the program, and its end is ours. The channel tells it when this process is gone, however it went. */
export function runProgram(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  const forward = (signal: NodeJS.Signals) => void child.kill(signal)
  for (const signal of FORWARDED) process.on(signal, forward)
  const leave = () => void child.kill('SIGTERM')
  process.once('disconnect', leave)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      for (const name of FORWARDED) process.off(name, forward)
      process.off('disconnect', leave)
      if (child.connected) child.disconnect()
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
    })
  })
}
