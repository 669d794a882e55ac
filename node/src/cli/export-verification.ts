/** Adapter: an audit export on the command line, verified by itself or against the log that it was made for. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { MAX_EXPORT_LINE_BYTES } from '@hansa/protocols'
import { type ExportPairReport, type ExportReport, verifyExport, verifyExportPair } from '@hansa/trust/ledger'
import { usage } from './errors.ts'
import type { LogKeys } from './verify-keys.ts'
import { logSources } from './verify-sources.ts'

export type ExportVerification = { kind: 'alone'; report: ExportReport } | { kind: 'pair'; report: ExportPairReport }

/** An export is a file, and a log a directory. */
export async function isExport(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  )
}

export async function verifyExportFile(
  file: string,
  ownLog: string | undefined,
  keys: LogKeys,
  onRead: (bytes: number) => void,
): Promise<ExportVerification> {
  const found = await keyOf(file, keys)
  if (found === undefined) throw usage(`${file} is no audit export. A log is a directory.`)
  const key = { ...found, resolver: keys.resolver }
  if (ownLog === undefined) return { kind: 'alone', report: await verifyExport(linesOf(file, onRead), key) }
  const own = { ...keys, dids: keys.dids.filter((did) => did !== key.did), vkeys: new Map(keys.vkeys) }
  if (key.vkey !== undefined)
    for (const [origin, { vkey }] of own.vkeys) if (vkey === key.vkey) own.vkeys.delete(origin)
  const [source] = await logSources([ownLog], own, [], onRead)
  if (source === undefined) throw usage(`There is no log in ${ownLog}.`)
  return { kind: 'pair', report: await verifyExportPair(linesOf(file, onRead), source, key) }
}

/**
 * Which of the keys that were given is the one of the export: what its header says is only used to choose.
 * @returns undefined for a file that does not say that it is an export
 */
async function keyOf(file: string, { dids, vkeys }: LogKeys) {
  let header: { kind?: unknown; kernel?: unknown; log?: { origin?: unknown } } = {}
  for await (const line of linesOf(file, () => {})) {
    try {
      header = { ...(JSON.parse(line) as typeof header) }
    } catch {
      // What is malformed is for the verifier to describe.
    }
    break
  }
  if (header.kind !== 'hansa-audit-export') return undefined
  const vkey =
    vkeys.get(String(header.log?.origin))?.vkey ?? (dids.length === 0 ? onlyOne([...vkeys.values()])?.vkey : undefined)
  const did = dids.find((one) => one === header.kernel) ?? (vkey === undefined ? onlyOne(dids) : undefined)
  return { ...(vkey === undefined ? {} : { vkey }), ...(did === undefined ? {} : { did }) }
}

function onlyOne<T>(all: readonly T[]): T | undefined {
  return all.length === 1 ? all[0] : undefined
}

/** Lines of bounded length: a file without line ends must not fill the memory. */
async function* linesOf(file: string, onRead: (bytes: number) => void): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of createReadStream(file, { encoding: 'utf8' }) as AsyncIterable<string>) {
    onRead(chunk.length)
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
    if (rest.length > MAX_EXPORT_LINE_BYTES) break
  }
  if (rest !== '') yield rest
}
