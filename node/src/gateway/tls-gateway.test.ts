/** A gateway that serves https itself, on real sockets: what it shows, what a session is bound to, and a new certificate. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, request as httpsRequest } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { selfSignedCertificate, spkiHash } from '@hansa/mesh'
import { exchangePaths, type InboundRequest, silentLogger } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type HttpGateway, httpGateway } from './http-gateway.ts'
import { ServedCertificate } from './served-certificate.ts'

const now = Math.floor(Date.now() / 1000)
const made = () => selfSignedCertificate({ hosts: ['127.0.0.1'], notBefore: now - 60, notAfter: now + 86_400 })

let directory: string
let certificate: ServedCertificate
let gateway: HttpGateway
let handled: InboundRequest[]
const before = made()

async function put(pair: { cert: string; key: string }): Promise<void> {
  await writeFile(join(directory, 'tls.key'), pair.key, { mode: 0o600 })
  await writeFile(join(directory, 'tls.crt'), pair.cert)
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hansa-tls-'))
  await put(before)
  const files = { certificate: join(directory, 'tls.crt'), key: join(directory, 'tls.key') }
  const opened = await ServedCertificate.open({ files }, { clock: manualClock(now * 1000), logger: silentLogger })
  if (!opened.ok) throw new Error(opened.faults.join('\n'))
  certificate = opened.certificate
  const serving = { clock: manualClock(), logger: silentLogger, certificate, advertised: (url: string) => ({ url }) }
  gateway = await httpGateway({ host: '127.0.0.1', port: 0 }, serving)
  handled = []
  gateway.attach({
    handle: async (request) => {
      handled.push(request)
      return { status: 200, contentType: 'text/plain', body: Buffer.from('ok') }
    },
  })
})

afterEach(async () => {
  await gateway.close()
  await rm(directory, { recursive: true, force: true })
})

/** @returns the status. */
function get(agent: Agent): Promise<number> {
  const url = new URL(exchangePaths.manifest, gateway.url)
  return new Promise((resolve, reject) => {
    const request = httpsRequest(url, { agent, rejectUnauthorized: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
    request.on('error', reject).end()
  })
}

const bindingOf = (pair: { cert: string }) => ({ kind: 'spki', value: new Uint8Array(spkiHash(pair.cert)) })

describe('a gateway with a certificate', () => {
  it('serves https where it listens, in TLS 1.3 to who can and not below 1.2', async () => {
    expect(gateway.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
    const port = Number(new URL(gateway.url).port)
    const shake = (maxVersion: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') =>
      new Promise<string | null>((resolve) => {
        const minVersion = maxVersion === 'TLSv1.1' ? ('TLSv1' as const) : ('TLSv1.2' as const)
        const options = { port, host: '127.0.0.1', rejectUnauthorized: false, minVersion, maxVersion }
        const socket = connect({ ...options, ciphers: 'DEFAULT@SECLEVEL=0' }, () => {
          resolve(socket.getProtocol())
          socket.destroy()
        })
        socket.on('error', () => resolve(null))
      })
    expect(await shake('TLSv1.3')).toBe('TLSv1.3')
    expect(await shake('TLSv1.2')).toBe('TLSv1.2')
    expect(await shake('TLSv1.1')).toBeNull()
  })

  it('answers plain HTTP with nothing', async () => {
    const socket = connectTcp(Number(new URL(gateway.url).port), '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(`GET ${exchangePaths.manifest} HTTP/1.1\r\nhost: x\r\n\r\n`)
    let text = ''
    socket.on('data', (data) => {
      text += data.toString('latin1')
    })
    await new Promise((resolve) => socket.on('close', resolve))
    expect(text).not.toContain('200')
    expect(handled).toEqual([])
  })

  it('binds a session to the key of its certificate, whatever is forwarded', async () => {
    const agent = new Agent({ keepAlive: true })
    await get(agent)
    await get(agent)
    expect(handled.map(({ binding }) => binding)).toEqual([bindingOf(before), bindingOf(before)])
    agent.destroy()
  })

  it('shows a new certificate to new connections, and keeps those that are open', async () => {
    const after = made()
    const [old, fresh] = [new Agent({ keepAlive: true, maxSockets: 1 }), new Agent()]
    await get(old)
    await put(after)
    await certificate.reload()
    expect(await get(old)).toBe(200)
    expect(await get(fresh)).toBe(200)
    // Calls go on over the old connection, but no handshake: its key may have been stolen.
    expect(handled.map(({ binding }) => binding)).toEqual([bindingOf(before), undefined, bindingOf(after)])
    old.destroy()
  })

  it('waits at its end for nobody who has connected and not asked, with TLS or before it', async () => {
    const port = Number(new URL(gateway.url).port)
    const silent = connectTcp(port, '127.0.0.1')
    const shaken = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    for (const socket of [silent, shaken]) socket.on('error', () => undefined)
    await Promise.all([
      new Promise((resolve) => silent.once('connect', resolve)),
      new Promise((resolve) => shaken.once('secureConnect', resolve)),
    ])
    const agent = new Agent({ keepAlive: true })
    await get(agent)
    await gateway.close()
    agent.destroy()
  })
})
