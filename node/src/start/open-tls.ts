/** What `tls` of the configuration names, opened before anything else is, with every fault at once. */
import type { NodeConfig } from '../config/index.ts'
import { readAuthorities } from '../gateway/certificate-files.ts'
import { ServedCertificate, type ServedCertificateComponents } from '../gateway/served-certificate.ts'

export type OpenedTls = {
  certificate?: ServedCertificate
  /** Roots in PEM. */
  ca?: string
  /** Sentences that say what to do. */
  faults: readonly string[]
}

export async function openTls(
  { tls, tlsSpki: further = [] }: Pick<NodeConfig, 'tls' | 'tlsSpki'>,
  components: ServedCertificateComponents,
): Promise<OpenedTls> {
  if (tls === undefined) return { faults: [] }
  const { ca: path, ...files } = tls
  const [opened, authorities] = await Promise.all([
    ServedCertificate.open({ files, further }, components),
    path === undefined ? undefined : readAuthorities(path),
  ])
  const faults = [
    ...(opened.ok ? [] : opened.faults),
    ...(authorities === undefined || authorities.ok ? [] : [authorities.fault]),
  ]
  return {
    faults,
    ...(opened.ok ? { certificate: opened.certificate } : {}),
    ...(authorities?.ok === true ? { ca: authorities.pem } : {}),
  }
}
