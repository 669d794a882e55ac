/** Adapter: the certificate that `hansa.yaml` names. */
import { X509Certificate } from 'node:crypto'
import { type Environment, readConfig } from '../config/index.ts'
import { certificateWarnings, readCertificatePair } from '../gateway/certificate-files.ts'
import { homePaths } from '../home/home-paths.ts'
import { systemClock } from '../system-clock.ts'
import { CliError } from './errors.ts'

export type ConfiguredCertificate = {
  certificate: string
  names: string
  until: string
  spki: string
  warnings: string[]
}

/** @throws CliError when none is configured, or it cannot be used; ConfigError. */
export async function configuredCertificate(home: string, environment: Environment): Promise<ConfiguredCertificate> {
  const { tls } = await readConfig(homePaths(home).config, environment)
  if (tls === undefined) {
    const message = 'No certificate is configured. Make one with: hansa tls create --host NAME'
    throw new CliError({ code: 'failed' }, message)
  }
  const reading = await readCertificatePair(tls)
  if (!reading.ok) throw new CliError({ code: 'failed' }, reading.faults.join('\n'))
  const { pair } = reading
  return {
    certificate: tls.certificate,
    names: new X509Certificate(pair.certificate).subjectAltName ?? 'no name',
    until: new Date(pair.validToMs).toISOString().slice(0, 10),
    spki: pair.spki,
    warnings: certificateWarnings(pair, systemClock.now()),
  }
}
