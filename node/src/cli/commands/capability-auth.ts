import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { table, time } from '../table.ts'

export type AuthShown = {
  server: string
  method: string
  issuer: string
  client?: string
  scope?: string
  state: 'token' | 'no_token' | 'sign_in'
  /** Unix seconds; a token that is refreshed by itself may be older. */
  obtained?: number
  expires?: number
}

export function capabilityAuthCommand(cli: Cli): Command {
  return cli
    .command('auth', {
      summary: 'show how the node proves to MCP servers that it may ask',
      description:
        'Lists the MCP servers of hansa.yaml that have auth: method, issuer, client, and whether there is a token and until when. It never shows a token or a secret. The node need not run.',
      examples: ['hansa capability auth', 'hansa capability auth --json'],
    })
    .action(
      cli.action(async ({ home, print, environment }) => {
        const { readConfig } = await import('../../config/index.ts')
        const { openHome } = await import('../../home/home.ts')
        const { paths } = await openHome(home)
        const { capabilities } = await readConfig(paths.config, environment)
        const shown: AuthShown[] = []
        for (const item of capabilities) {
          if (item.kind !== 'mcp' || item.auth === undefined || item.connection.kind !== 'http') continue
          shown.push(await authOf(item.prefix, item.connection.url, item.auth, paths))
        }
        print.result(shown, (style) => {
          if (shown.length === 0) return 'No MCP server of hansa.yaml has auth.'
          const rows = shown.map((one) => [
            style.name(one.server),
            one.method,
            one.issuer,
            one.client ?? '-',
            stateText(one),
          ])
          return table(style, ['server', 'method', 'issuer', 'client', 'state'], rows)
        })
        return undefined
      }),
    )
}

type Auth = NonNullable<Extract<import('../../config/index.ts').ConfiguredCapability, { kind: 'mcp' }>['auth']>

async function authOf(server: string, url: string, auth: Auth, paths: { keys: string }): Promise<AuthShown> {
  const { readTokenFile, tokenFilePath } = await import('../../upstream/index.ts')
  const { method, issuer, scope } = auth
  const held = await readTokenFile(tokenFilePath(paths, server), { url, issuer })
  const client = auth.clientId ?? held?.client?.client_id
  const { tokens, obtained } = held ?? {}
  const state = tokens !== undefined ? 'token' : method === 'login' ? 'sign_in' : 'no_token'
  const expires =
    obtained === undefined || tokens?.expires_in === undefined ? undefined : Math.floor(obtained + tokens.expires_in)
  const granted = tokens?.scope ?? scope
  return {
    server,
    method,
    issuer,
    ...(client === undefined ? {} : { client }),
    ...(granted === undefined ? {} : { scope: granted }),
    state,
    ...(obtained === undefined ? {} : { obtained }),
    ...(expires === undefined ? {} : { expires }),
  }
}

function stateText({ server, state, expires }: AuthShown): string {
  if (state === 'sign_in') return `sign in with: hansa capability login ${server}`
  if (state === 'no_token') return 'no token yet: it is asked for with the first call'
  return expires === undefined ? 'has a token' : `has a token, good until ${time(expires)}`
}
