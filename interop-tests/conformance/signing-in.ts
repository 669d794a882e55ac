/** The operator and the person of a node that is an OAuth client: who configures the issuer, and who says yes in a browser. */
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ScenarioContext } from '../fixtures/mcp-client/scenario-context.ts'
import { HANSA_BIN } from '../harness/hansa-command.ts'
import { childEnvironment } from '../harness/spawned-process.ts'

/** Where the kit's authorization servers know a client's metadata from; nobody fetches it. */
const METADATA_URL = 'https://conformance-test.local/client-metadata.json'
const SECRET_FILE = 'upstream-secret'

/** @returns `auth` of the item of `hansa.yaml`; nothing where the server names no issuer */
export async function accessTo(
  url: string,
  home: string,
  { client_id, client_secret }: ScenarioContext,
): Promise<Readonly<Record<string, unknown>>> {
  const issuer = await issuerOf(url)
  if (issuer === undefined) return {}
  if (client_id === undefined) return { auth: { method: 'login', issuer, client_metadata_url: METADATA_URL } }
  await writeFile(join(home, SECRET_FILE), client_secret ?? '', { mode: 0o600 })
  return { auth: { method: 'login', issuer, client_id, secret_file: SECRET_FILE } }
}

/** What an operator reads who looks at where the server sends its clients. */
async function issuerOf(url: string): Promise<string | undefined> {
  const refused = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' })
  const named = /resource_metadata="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '')?.[1]
  const { origin, pathname } = new URL(url)
  const places = [
    named,
    `${origin}/.well-known/oauth-protected-resource${pathname}`,
    `${origin}/.well-known/oauth-protected-resource`,
  ]
  for (const place of places) {
    if (place === undefined) continue
    const answer = await fetch(place)
    if (!answer.ok) continue
    return ((await answer.json()) as { authorization_servers?: string[] }).authorization_servers?.[0]
  }
  return undefined
}

/**
 * Follows where `hansa capability login` sends a person, as the browser of one who says yes.
 * @returns whether it went well; whether that is as it should be is for the kit to say
 */
export async function signInAsPerson(home: string, server: string): Promise<boolean> {
  const args = [HANSA_BIN, 'capability', 'login', server, '--home', home, '--json', '--timeout', '30']
  const child = spawn(process.execPath, args, { env: childEnvironment, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  let followed = false
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
    const url = /^\s+(https?:\/\/\S+)\s*$/m.exec(said)?.[1]
    if (url === undefined || followed) return
    followed = true
    void follow(url)
  })
  return await new Promise<boolean>((resolve) => child.once('close', (code) => resolve(code === 0)))
}

async function follow(url: string): Promise<void> {
  const back = (await fetch(url, { redirect: 'manual' }).catch(() => undefined))?.headers.get('location')
  if (back !== null && back !== undefined) await fetch(back).catch(() => undefined)
}
