import { selfSignedCertificate as make, type SelfSigned } from '../transport/self-signed-certificate.ts'

export type TestCertificate = SelfSigned

/**
 * A TLS server certificate for this machine, made when it is needed, for one day.
 * @param now Unix seconds. Good for `localhost`, 127.0.0.1 and these names.
 */
export function selfSignedCertificate(now: number, names: readonly string[] = []): TestCertificate {
  return make({ hosts: ['127.0.0.1', 'localhost', ...names], notBefore: now - 3_600, notAfter: now + 86_400 })
}
