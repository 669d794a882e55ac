/** A token that somebody named on the command line by its file, so that no list of processes shows it. */

import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { usage } from './errors.ts'
import { readGivenFile } from './read-given-file.ts'

/** @param given `@FILE` or `FILE`; `-` is standard input @throws CliError `usage` for what holds no token */
export async function readTokenFile(given: string, stdin: Readable): Promise<string> {
  if (/^(?:eyJ[\w-]*\.|hkt1\.)/.test(given))
    throw usage(
      'A token on the command line can be seen by other users: put it into a file and write @FILE, or - for standard input.',
    )
  const bytes = given === '-' ? await buffer(stdin) : await readGivenFile(given.replace(/^@/, ''))
  const text = bytes.toString('utf8').trim()
  if (!/^[\w.-]{1,16384}$/.test(text)) throw usage(`${given} does not hold a token.`)
  return text
}
