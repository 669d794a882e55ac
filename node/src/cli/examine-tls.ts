/** Adapter: what `hansa doctor` says of TLS. Nothing is changed. */
import type { NodeConfig } from '../config/index.ts'
import { certificateWarnings, readAuthorities, readCertificatePair } from '../gateway/certificate-files.ts'
import { systemClock } from '../system-clock.ts'
import type { Check } from './check.ts'

/** Nothing without `tls`: what the node is reached over then is the concern of the public URL. */
export async function tlsChecks({ tls }: NodeConfig): Promise<Check[]> {
  if (tls === undefined) return []
  const reading = await readCertificatePair(tls)
  return [
    ...certificateChecks(reading, tls.certificate),
    ...(tls.ca === undefined ? [] : [await authoritiesCheck(tls.ca)]),
  ]
}

/** Roots for a fetch; nothing when there are none, or when they cannot be read, which has a check of its own. */
export async function configuredAuthorities(path: string | undefined): Promise<{ ca?: string }> {
  const read = path === undefined ? undefined : await readAuthorities(path)
  return read?.ok === true ? { ca: read.pem } : {}
}

function certificateChecks(reading: Awaited<ReturnType<typeof readCertificatePair>>, path: string): Check[] {
  const check = 'certificate'
  if (!reading.ok) return reading.faults.map((detail) => ({ check, state: 'fail', detail }))
  const { pair } = reading
  const [warning] = certificateWarnings(pair, systemClock.now())
  if (warning === undefined) {
    const until = new Date(pair.validToMs).toISOString().slice(0, 10)
    return [{ check, state: 'ok', detail: `${path}, valid until ${until}, key ${pair.spki}` }]
  }
  const remedy = 'Put a new pair in its place (hansa tls create --host NAME --replace, or your authority).'
  return [{ check, state: 'warn', detail: warning, remedy }]
}

async function authoritiesCheck(path: string): Promise<Check> {
  const read = await readAuthorities(path)
  return read.ok
    ? { check: 'authorities', state: 'ok', detail: `${path}, besides those of Node` }
    : { check: 'authorities', state: 'fail', detail: read.fault }
}
