/** The passphrase of a backup: from a file that only its owner reads, or from a person at a terminal who is asked. */
import { readFile, stat } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { type Readable, Writable } from 'node:stream'
import { usage } from './errors.ts'
import type { Stream } from './print.ts'

/** Below this a passphrase is guessed sooner than the cost of each guess helps. */
const MIN_CHARS = 12

export type Terminal = { stdin: Readable; stderr: Stream }

/** The first line of a file. @throws CliError `usage` */
export async function passphraseFrom(path: string, { fresh }: { fresh: boolean }): Promise<string> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw usage(`There is no file ${path}.`)
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0)
    throw usage(`${path} can be read by others than its owner. Run: chmod 600 ${path}`)
  const [passphrase = ''] = (await readFile(path, 'utf8')).split(/\r?\n/, 1)
  return checked(passphrase, path, fresh)
}

export function isTerminal({ stdin, stderr }: Terminal): boolean {
  return (stdin as { isTTY?: boolean }).isTTY === true && stderr.isTTY === true
}

/** Asks twice. @returns undefined when the person wants no encryption. */
export async function askNewPassphrase(terminal: Terminal): Promise<string | undefined> {
  const first = await ask(terminal, 'Passphrase for the backup, which holds private keys (empty for none): ')
  if (first === '') return undefined
  checked(first, 'The passphrase', true)
  if ((await ask(terminal, 'The same again: ')) !== first) throw usage('The two are not the same. Nothing was made.')
  return first
}

export function askPassphrase(terminal: Terminal): Promise<string> {
  return ask(terminal, 'Passphrase of the backup: ')
}

function checked(passphrase: string, what: string, fresh: boolean): string {
  if (passphrase === '') throw usage(`${what} holds no passphrase in its first line.`)
  if (fresh && passphrase.length < MIN_CHARS)
    throw usage(`${what} is too short: a passphrase of a backup has at least ${MIN_CHARS} characters.`)
  return passphrase
}

/** What is typed is not shown. */
async function ask({ stdin, stderr }: Terminal, question: string): Promise<string> {
  stderr.write(question)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true })
  try {
    return await lines.question('')
  } finally {
    lines.close()
    stderr.write('\n')
  }
}
