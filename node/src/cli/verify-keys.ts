/**
 * The keys that logs are verified with, as an operator has them: a verifier key, a DID, or a file with either or with a
 * signed manifest, which names the keys of its kernel's logs. They come from outside the directories that are verified.
 */
import { capabilityManifestSchema, type Did, isDid, MANIFEST_TYP, MAX_MANIFEST_BYTES } from '@hansa/protocols'
import { didKeyResolver, type KeyResolver, verifyJws } from '@hansa/trust'
import { parseVkey } from '@hansa/trust/ledger'
import { failed, usage } from './errors.ts'
import { readGivenFile } from './read-given-file.ts'

export type LogKeys = {
  /** By origin of the log. */
  vkeys: Map<string, { vkey: string; did?: Did }>
  /** Kernels whose log it has to be, without a key for it. */
  dids: Did[]
  /** Keys of those who signed, at the time at which they did. */
  resolver: KeyResolver
}

/** @throws CliError `usage` for a value that is none of these. */
export async function readLogKeys(
  values: readonly string[],
  resolver = didKeyResolver() as KeyResolver,
): Promise<LogKeys> {
  const keys: LogKeys = { vkeys: new Map(), dids: [], resolver }
  for (const value of values) {
    if (value.startsWith('@')) await addFile(keys, value.slice(1))
    else addText(keys, value, value)
  }
  return keys
}

/** The kernel of an origin that begins with its DID (wire.md: log); undefined for one that begins with a host. */
export function didOfOrigin(origin: string): Did | undefined {
  const did = origin.slice(0, Math.max(0, origin.indexOf('/log/')))
  return isDid(did) ? did : undefined
}

/**
 * The key for a log by the origin that something claims to be of, which it then has to fit.
 * @param place what claims it, for messages. @returns undefined when no key of a log was given
 * @throws CliError `failed` when what was given is for other logs
 */
export function keyOfOrigin(origin: string, { vkeys, dids }: LogKeys, place: string): string | undefined {
  const notOf = (what: string) =>
    failed(`A key was given for ${what}, and ${place} is of ${origin === '' ? 'no log' : origin}.`)
  const key = vkeys.get(origin)
  const stranger = dids.find((did) => didOfOrigin(origin) !== did)
  if (stranger !== undefined) throw notOf(`a log of ${stranger}`)
  if (key === undefined && vkeys.size > 0) throw notOf(`the log ${[...vkeys.keys()].join(', ')}`)
  return key?.vkey
}

async function addFile(keys: LogKeys, path: string): Promise<void> {
  const text = (await readGivenFile(path)).toString('utf8')
  const jws = manifestIn(text.trim())
  if (jws !== undefined) return addManifest(keys, jws, path)
  const lines = text.split('\n').map((line) => line.trim())
  const given = lines.filter((line) => line !== '' && !line.startsWith('#'))
  if (given.length === 0) throw usage(`${path} holds no key.`)
  for (const line of given) addText(keys, line, path)
}

/** A manifest as `hansa advertise` prints it, with `--jws` or with `--json`. */
function manifestIn(text: string): string | undefined {
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) return text
  if (!text.startsWith('{')) return undefined
  try {
    const value = JSON.parse(text) as { jws?: unknown }
    return typeof value.jws === 'string' ? value.jws : undefined
  } catch {
    return undefined
  }
}

/** An expired manifest still proves which key its kernel named. */
async function addManifest(keys: LogKeys, jws: string, path: string): Promise<void> {
  const verdict = await verifyJws(jws, {
    typ: MANIFEST_TYP,
    resolver: keys.resolver,
    issuedAt: (payload) => payload.iat,
    maxBytes: MAX_MANIFEST_BYTES,
    purpose: 'assertionMethod',
    issuerOf: (payload) => payload.kernel_id,
  })
  if (!verdict.ok) throw usage(`The manifest in ${path} does not verify: ${verdict.reason}.`)
  const manifest = capabilityManifestSchema.safeParse(verdict.payload)
  if (!manifest.success) throw usage(`The manifest in ${path} is malformed.`)
  for (const { origin, vkey } of manifest.data.logs) keys.vkeys.set(origin, { vkey, did: manifest.data.kernel_id })
}

function addText(keys: LogKeys, text: string, from: string): void {
  if (isDid(text)) {
    keys.dids.push(text)
    return
  }
  const parsed = parseVkey(text)
  if (parsed.ok) {
    keys.vkeys.set(parsed.verifier.name, { vkey: text })
    return
  }
  throw usage(
    `${from} is not a key (${parsed.reason}). Give the log key that the node shows with hansa status, its DID, or @FILE with its manifest.`,
  )
}
