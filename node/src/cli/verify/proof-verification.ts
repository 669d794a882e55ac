/** Adapter: a tlog-proof on the command line, with the entry that lies beside it. */
import { open, readFile, stat } from 'node:fs/promises'
import { MAX_ENTRY_BYTES } from '@hansa/protocols'
import {
  isTlogProof,
  MAX_PROOF_CHARS,
  type ProofReport,
  parseTlogProof,
  type TlogPolicy,
  verifyProof,
} from '@hansa/trust/ledger'
import { usage } from '../errors.ts'
import { keyOfOrigin, type LogKeys } from '../verify-keys.ts'

/** Of the beginning of a file, to tell what it is. */
const HEADER_BYTES = 64
/** The largest proof in UTF-8. */
const MAX_PROOF_BYTES = 2 * MAX_PROOF_CHARS

export type ProofVerification = { file: string; entryFile: string; report: ProofReport }

/** Whether a path is a file that says that it is a proof. */
export async function isProof(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined)
  if (stats?.isFile() !== true) return false
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0)
    return isTlogProof(buffer.toString('utf8', 0, bytesRead))
  } finally {
    await handle.close()
  }
}

/** @param given file of the entry. @default the file of the same name that ends in `.json` */
export async function verifyProofFile(
  file: string,
  given: string | undefined,
  { keys, witnesses }: { keys: LogKeys; witnesses: TlogPolicy | undefined },
): Promise<ProofVerification> {
  const entryFile = given ?? file.replace(/(?:\.tlog-proof)?$/, '.json')
  const text = (await readBounded(file, MAX_PROOF_BYTES)).toString('utf8')
  const entry = await readBounded(entryFile, MAX_ENTRY_BYTES).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw usage(`There is no ${entryFile}: a proof is of an entry, which hansa audit proof writes beside it.`)
  })
  const vkey = keyOfOrigin(parseTlogProof(text)?.checkpoint.split('\n', 1)[0] ?? '', keys, file)
  const report = await verifyProof(text, entry, {
    ...(vkey === undefined ? {} : { vkey }),
    ...(witnesses === undefined ? {} : { witnesses }),
    resolver: keys.resolver,
  })
  return { file, entryFile, report }
}

async function readBounded(file: string, most: number): Promise<Buffer> {
  const { size } = await stat(file)
  if (size > most) throw usage(`${file} has ${size} bytes, which is too much for what it should be.`)
  return readFile(file)
}
