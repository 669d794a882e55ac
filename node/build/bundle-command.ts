/**
 * Bundles the `hansa` command: what it needs of a thousand modules into a few files, one for each command and one for
 * what they share. Loading them takes a third of the time. The library of the package is not bundled.
 *
 *   node build/bundle-command.ts            into dist/command of this package
 *   node build/bundle-command.ts DIRECTORY  a copy of the command alone, as it is published
 */
import { cp, mkdir, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { build } from 'rolldown'
import { httpWithoutGetters } from './http-without-getters.ts'

const own = dirname(import.meta.dirname)
const target = resolve(process.argv[2] ?? own)
const directory = join(target, 'dist', 'command')

const cli = (file: string) => join(own, 'src', 'cli', file)

await rm(directory, { recursive: true, force: true })
await build({
  // The program of a thread is a file of its own beside the others.
  input: {
    run: cli('run.ts'),
    'verify-thread': cli('verify/verify-thread.ts'),
    'record-thread': join(own, 'src', 'replica', 'record-thread.ts'),
    'read-back-thread': join(own, 'src', 'read-back', 'read-back-thread.ts'),
    'resume-thread': join(own, 'src', 'resume', 'resume-thread.ts'),
  },
  platform: 'node',
  plugins: [httpWithoutGetters()],
  // Speed of one process in a thousand that speaks to PostgreSQL natively; it is asked for and not found.
  // What masks WebSocket frames is machine code, and stays a package of its own.
  external: ['pg-native', 'bufferutil'],
  output: { dir: directory, format: 'esm', chunkFileNames: '[name]-[hash].js', comments: { legal: true } },
  logLevel: 'warn',
})
if (target !== own) {
  await mkdir(target, { recursive: true })
  for (const part of ['bin', 'package.json']) await cp(join(own, part), join(target, part), { recursive: true })
}
