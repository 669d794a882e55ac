/** Adapter: a fork proof on the command line, as a kernel wrote it into its `evidence/`. */
import { open, readFile, stat } from 'node:fs/promises'
import { MAX_FORK_PROOF_BYTES } from '@hansa/protocols'
import { type ForkReport, readForkProof, verifyForkProof } from '@hansa/trust/ledger'
import { usage } from '../errors.ts'
import type { Style } from '../print.ts'
import { counted, facts } from '../table.ts'
import { didOfOrigin, type LogKeys } from '../verify-keys.ts'

/** Of the beginning of a file, to tell what it is. */
const HEADER_BYTES = 256

/** Which proof a file says that it is, if it says so. */
export async function proofKind(path: string): Promise<'fork' | 'equivocation' | undefined> {
  const stats = await stat(path).catch(() => undefined)
  if (stats?.isFile() !== true) return undefined
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0)
    const [, kind] = /"kind":\s*"hansa-(fork|equivocation)-proof"/.exec(buffer.toString('utf8', 0, bytesRead)) ?? []
    return kind as 'fork' | 'equivocation' | undefined
  } finally {
    await handle.close()
  }
}

/** @throws CliError `usage` for a file that is malformed, and for a key of another log. */
export async function verifyForkFile(file: string, { vkeys, dids, resolver }: LogKeys): Promise<ForkReport> {
  const { size } = await stat(file)
  const proof = size > MAX_FORK_PROOF_BYTES ? undefined : readForkProof(await readFile(file))
  if (proof === undefined) throw usage(`${file} says that it is a fork proof, and is malformed.`)
  const { origin } = proof.log
  const key = vkeys.get(origin)
  if (key === undefined && vkeys.size > 0)
    throw usage(`${file} is about the log ${origin}, and none of the keys is for it.`)
  const owner = didOfOrigin(origin)
  const other = dids.find((did) => did !== owner)
  if (other !== undefined) throw usage(`${file} is about the log ${origin}, which is not one of ${other}.`)
  return verifyForkProof(proof, { resolver, ...(key === undefined ? {} : { vkey: key.vkey }) })
}

export function forkText(style: Style, { verdict, log, heads, text, unchecked }: ForkReport): string {
  const paint = verdict === 'fork' ? style.bad : verdict === 'suspected' ? style.warn : style.good
  const head = facts(style, [
    ['verdict', paint(verdict.replace('_', ' '))],
    ['log', log.origin],
    ...heads.map(({ size, root }) => ['signed', `${counted(size, 'entry', 'entries')}, root ${root}`] as const),
    ['finding', text],
  ])
  return [head, ...(unchecked.length === 0 ? [] : ['Not checked:', ...unchecked.map((line) => `  ${line}`)])].join('\n')
}
