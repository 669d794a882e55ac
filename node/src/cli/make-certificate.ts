/** Adapter: makes the certificate of a node, for partners who pin its key and need no authority. */
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { selfSignedCertificate } from '@hansa/mesh'
import { type CertificatePair, readCertificatePair } from '../gateway/certificate-files.ts'
import { homePaths } from '../home/home-paths.ts'
import { replaceFile } from '../home/replace-file.ts'
import { systemClock } from '../system-clock.ts'
import { CliError } from './errors.ts'

export type MakeCertificateInit = {
  home: string
  /** DNS names and addresses under which the node is reached. */
  hosts: readonly string[]
  days: number
  /** Takes the place of the pair that is there; a running node follows. @default false */
  replace?: boolean
}

export type MadeCertificate = { certificate: string; key: string } & Pick<CertificatePair, 'spki' | 'validToMs'>

/** @throws CliError when there is a pair already, or what was written cannot be used. */
export async function makeCertificate({
  home,
  hosts,
  days,
  replace = false,
}: MakeCertificateInit): Promise<MadeCertificate> {
  const { tlsCertificate: certificate, tlsKey: key } = homePaths(home)
  if (!replace && (await exists(key))) {
    const message = `There is a TLS key at ${key} already. Take another one in its place with --replace; a running node follows within seconds.`
    throw new CliError({ code: 'failed' }, message)
  }
  const now = Math.floor(systemClock.now() / 1000)
  // An hour back, for partners whose clock is behind.
  const made = selfSignedCertificate({ hosts, notBefore: now - 3_600, notAfter: now + days * 86_400 })
  await mkdir(dirname(key), { recursive: true, mode: 0o700 })
  await replaceFile(key, made.key, 0o600)
  await replaceFile(certificate, made.cert, 0o644)
  const reading = await readCertificatePair({ certificate, key })
  if (!reading.ok) throw new CliError({ code: 'failed' }, reading.faults.join('\n'))
  const { spki, validToMs } = reading.pair
  return { certificate, key, spki, validToMs }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
