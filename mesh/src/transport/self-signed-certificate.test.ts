import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { selfSignedCertificate } from './self-signed-certificate.ts'

const now = Date.UTC(2026, 10, 21) / 1000
const made = (hosts: string[], days = 365) =>
  selfSignedCertificate({ hosts, notBefore: now, notAfter: now + days * 86_400 })

describe(selfSignedCertificate, () => {
  it('is signed with its own key, and the pair can be served with', () => {
    const { key, cert } = made(['kernel.example'])
    const certificate = new X509Certificate(cert)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect(certificate.checkIssued(certificate)).toBe(true)
    expect(() => createSecureContext({ key, cert })).not.toThrow()
    expect(made(['kernel.example']).cert).not.toBe(cert)
  })

  it('is good for every name and address it was made for, and for no other', () => {
    const certificate = new X509Certificate(made(['kernel.example', '192.0.2.7', '2001:db8::7', '::1']).cert)
    expect(certificate.checkHost('kernel.example')).toBe('kernel.example')
    expect(certificate.checkIP('192.0.2.7')).toBe('192.0.2.7')
    expect(certificate.checkIP('2001:db8::7')).toBe('2001:db8::7')
    expect(certificate.checkIP('::1')).toBe('::1')
    expect(certificate.checkHost('other.example')).toBeUndefined()
    expect(certificate.checkIP('192.0.2.8')).toBeUndefined()
  })

  it.each([1, 365, 20_000])('ends after %i days, also beyond 2049', (days) => {
    const certificate = new X509Certificate(made(['a.example'], days).cert)
    expect(certificate.validFromDate.getTime()).toBe(now * 1000)
    expect(certificate.validToDate.getTime()).toBe((now + days * 86_400) * 1000)
  })
})
