import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { homePaths } from '../../home/home-paths.ts'
import { examine } from '../examine.ts'
import { makeHome } from '../make-home.ts'
import { runCli } from '../testing/run-cli.ts'

let directory: string
let home: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hansa-webhook-'))
  home = join(directory, 'home')
  await makeHome(home, 'listen: 127.0.0.1:0\n')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const run = (...argv: string[]) => runCli(['webhook', ...argv], { home })
const configured = (url: string, allow = '[127.0.0.0/8]') =>
  writeFile(
    homePaths(home).config,
    `allow_private: ${allow}\napprovals: { webhook: { url: "${url}", secret_file: keys/webhook.secret } }\n`,
  )
const check = async () => (await examine(home, { home })).find((one) => one.check === 'webhook')

/** Answers with `status`, and keeps the last request. */
async function receiver(status: number, headers: Record<string, string> = {}) {
  const last: { body?: string; headers?: Record<string, string> } = {}
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk
    })
    request.on('end', () => {
      Object.assign(last, { body, headers: request.headers })
      response.writeHead(status, headers).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`
  const close = () => new Promise((resolve) => server.close(resolve))
  return { last, url, [Symbol.asyncDispose]: async () => void (await close()) }
}

describe('hansa webhook create', () => {
  it('makes the secret for its owner alone, and prints it alone on standard output', async () => {
    const { exit, stdout, stderr } = await run('create')
    const { webhookSecret } = homePaths(home)
    expect([exit, stdout]).toEqual([0, await readFile(webhookSecret, 'utf8')])
    expect((await stat(webhookSecret)).mode & 0o777).toBe(0o600)
    expect(stderr).toContain('secret_file: keys/webhook.secret')
    expect(stderr).not.toContain(stdout.trim())
  })

  it('writes over none that is there', async () => {
    const { stdout } = await run('create')
    expect(await run('create')).toMatchObject({ exit: 1, stderr: expect.stringContaining('not written over') })
    expect(await readFile(homePaths(home).webhookSecret, 'utf8')).toBe(stdout)
  })
})

describe('hansa webhook test', () => {
  it('sends one message that the receiver verifies', async () => {
    await using target = await receiver(200)
    await configured(target.url)
    const secret = (await run('create')).stdout.trim()
    const { exit, stdout } = await run('test')
    expect([exit, stdout]).toEqual([0, `Delivered: ${new URL(target.url).host} took the message.\n`])
    const message = new Webhook(secret).verify(target.last.body ?? '', target.last.headers ?? {})
    expect(message).toMatchObject({ type: 'webhook.test', data: { kernel: expect.stringMatching(/^did:key:/) } })
  })

  it('says what the receiver answered, and follows no redirect', async () => {
    await using elsewhere = await receiver(200)
    await using target = await receiver(307, { location: elsewhere.url })
    await using failing = await receiver(401)
    await run('create')
    await configured(target.url)
    expect(await run('test')).toMatchObject({ exit: 1, stderr: expect.stringContaining('redirects are not followed') })
    expect(elsewhere.last).toEqual({})
    await configured(failing.url)
    expect(await run('test')).toMatchObject({ exit: 1, stderr: expect.stringContaining('answered 401') })
  })

  it('says what is missing: a webhook, its secret, an address that may be reached', async () => {
    expect(await run('test')).toMatchObject({ exit: 3, stderr: expect.stringContaining('names no approvals.webhook') })
    await configured('https://hooks.example/x')
    expect(await run('test')).toMatchObject({ exit: 3, stderr: expect.stringContaining('hansa webhook create') })
    await configured('http://127.0.0.1:9/x', 'false')
    expect(await run('test')).toMatchObject({ exit: 3, stderr: expect.stringContaining('allow_private') })
  })
})

describe('hansa doctor', () => {
  it('says of the webhook what is wrong with its secret, and nothing without a webhook', async () => {
    expect(await check()).toBeUndefined()
    await configured('https://hooks.example/t0ken')
    expect(await check()).toMatchObject({ state: 'fail', detail: expect.stringContaining('hansa webhook create') })
    await run('create')
    expect(await check()).toMatchObject({
      state: 'ok',
      detail: expect.stringMatching(/^hooks\.example, with a secret/),
    })
    await chmod(homePaths(home).webhookSecret, 0o644)
    expect(await check()).toMatchObject({ state: 'fail', detail: expect.stringContaining('chmod 600') })
  })
})
