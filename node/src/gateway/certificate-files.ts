/** Adapter: the certificate and key that a node serves with, and the roots it trusts besides those of Node, from disk. */
import { X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { spkiHash } from '@hansa/mesh'
import { encodeBase64url } from '@hansa/trust'

/** Absolute paths. */
export type CertificateFiles = { certificate: string; key: string }

export type CertificatePair = {
  /** PEM, with the intermediates behind the node's own. */
  certificate: string
  /** PEM. */
  key: string
  /** SHA-256 of the SPKI, base64url, as manifests name it. */
  spki: string
  /** Unix milliseconds between which it is valid. */
  validFromMs: number
  validToMs: number
}

/** Each fault is a sentence that says what to do. */
export type CertificateReading = { ok: true; pair: CertificatePair } | { ok: false; faults: string[] }

const DAY_MS = 86_400_000
/** A certificate that ends sooner is worth a warning, milliseconds. */
const SOON_MS = 21 * DAY_MS

/** Never throws for what is on the disk. */
export async function readCertificatePair({ certificate, key }: CertificateFiles): Promise<CertificateReading> {
  const [cert, secret] = await Promise.all([readPem('certificate', certificate), readKey(key)])
  const unread = [cert, secret].flatMap((file) => ('fault' in file ? [file.fault] : []))
  if ('fault' in cert || 'fault' in secret) return { ok: false, faults: unread }
  let parsed: X509Certificate
  try {
    parsed = new X509Certificate(cert.text)
  } catch {
    return failed(`${certificate} holds no certificate in PEM (-----BEGIN CERTIFICATE-----).`)
  }
  const own = spkiHash(parsed)
  try {
    // Refuses a key that is none, one of another certificate, and one that is too weak to be used.
    createSecureContext({ cert: cert.text, key: secret.text })
  } catch (error) {
    return failed(pairFault(certificate, key, error))
  }
  const [validFromMs, validToMs] = [parsed.validFromDate.getTime(), parsed.validToDate.getTime()]
  const pair = { certificate: cert.text, key: secret.text, spki: encodeBase64url(own), validFromMs, validToMs }
  return { ok: true, pair }
}

/** What is wrong with the time of a certificate. Partners who pinned its key are still served, others are not. */
export function certificateWarnings({ validFromMs, validToMs }: CertificatePair, nowMs: number): string[] {
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)
  if (nowMs >= validToMs)
    return [`The TLS certificate has expired on ${day(validToMs)}. Replace it; no restart is needed.`]
  if (nowMs < validFromMs) return [`The TLS certificate is valid from ${day(validFromMs)} only. Look at the clock.`]
  if (validToMs - nowMs > SOON_MS) return []
  const days = Math.floor((validToMs - nowMs) / DAY_MS)
  return [`The TLS certificate expires in ${days} days, on ${day(validToMs)}. Replace it; no restart is needed.`]
}

/** @returns PEM text of one root or more. */
export async function readAuthorities(path: string): Promise<{ ok: true; pem: string } | { ok: false; fault: string }> {
  const file = await readPem('tls.ca', path)
  if ('fault' in file) return { ok: false, fault: file.fault }
  try {
    new X509Certificate(file.text)
    createSecureContext({ ca: file.text })
    return { ok: true, pem: file.text }
  } catch {
    return { ok: false, fault: `${path} holds no certificates in PEM (-----BEGIN CERTIFICATE-----). Correct tls.ca.` }
  }
}

/** Another value after any change of one of the files, also of what a link leads to; empty while one is missing. */
export async function filesVersion(files: CertificateFiles): Promise<string> {
  const versions = await Promise.all(
    [files.certificate, files.key].map((path) => stat(path, { bigint: true }).catch(() => undefined)),
  )
  if (versions.includes(undefined)) return ''
  return versions.map((file) => `${file?.ino} ${file?.mtimeNs} ${file?.size}`).join(', ')
}

type PemFile = { text: string } | { fault: string }

async function readPem(what: string, path: string): Promise<PemFile> {
  try {
    return { text: await readFile(path, 'utf8') }
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const why = missing ? 'There is no file' : `Cannot be read (${(error as Error).message}):`
    const how = what === 'tls.ca' ? 'Correct tls.ca.' : 'Correct `tls`, or make one with: hansa tls create --host NAME'
    return { fault: `${why} ${path}. ${how}` }
  }
}

async function readKey(path: string): Promise<PemFile> {
  const mode = await stat(path).then(
    (file) => file.mode & 0o777,
    () => 0,
  )
  if ((mode & 0o077) !== 0) {
    const shown = mode.toString(8).padStart(4, '0')
    return { fault: `The TLS key ${path} is open to others (mode ${shown}). Close it with: chmod 600 ${path}` }
  }
  return readPem('key', path)
}

function pairFault(certificate: string, key: string, error: unknown): string {
  const code = (error as { code?: unknown }).code
  if (code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH')
    return `The TLS key ${key} is not the key of ${certificate}. Give the pair that belongs together.`
  return `${certificate} and ${key} cannot be used for TLS: ${error instanceof Error ? error.message : String(error)}.`
}

function failed(fault: string): CertificateReading {
  return { ok: false, faults: [fault] }
}
