import { isSealed } from '../backup/read-backup.ts'
import { usage } from './errors.ts'
import { askPassphrase, isTerminal, passphraseFrom, type Terminal } from './passphrase.ts'

/** The passphrase that a given backup needs; undefined when it is not encrypted. @throws CliError `usage` */
export async function passphraseOf(
  file: string,
  passphraseFile: string | undefined,
  terminal: Terminal,
): Promise<string | undefined> {
  if (!(await isSealed(file))) return undefined
  if (passphraseFile !== undefined) return passphraseFrom(passphraseFile, { fresh: false })
  if (isTerminal(terminal)) return askPassphrase(terminal)
  throw usage(`${file} is encrypted. Give its passphrase with --passphrase-file FILE.`)
}
