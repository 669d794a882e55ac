import type { Command } from 'commander'
import type { Environment, NodeConfig } from '../../config/index.ts'
import type { Cli } from '../cli.ts'
import { usage } from '../errors.ts'

type Options = { port: string; timeout: string }

export function capabilityLoginCommand(cli: Cli): Command {
  return cli
    .command('login', {
      summary: 'sign in at the issuer of an MCP server',
      description:
        'For an MCP server with auth.method login: prints where to sign in with a browser on this machine, waits until the browser comes back to a port of 127.0.0.1, and keeps what the issuer gives in keys/upstream, for the owner alone. A node that runs takes the server in at once. The node need not run.',
      examples: ['hansa capability login crm', 'hansa capability login crm --port 8765 --timeout 300'],
    })
    .argument('<server>', 'id of the MCP server in hansa.yaml')
    .option('--port <port>', 'where the browser comes back to; 0 takes a free one', '0')
    .option('--timeout <seconds>', 'how long it is waited for the person', '600')
    .action(
      cli.action<Options>(async ({ home, print, environment, stderr, options, args: [server] }) => {
        const id = String(server)
        const [port, timeout] = [
          numberOf('--port', options.port, 0, 65_535),
          numberOf('--timeout', options.timeout, 1, 3_600),
        ]
        const signIn = await signingIn(home, environment, id)
        // Also with --json: without it nobody can go on.
        const open = (url: URL) =>
          void stderr.write(`Sign in with a browser on this machine:
  ${url.href}
`)
        await signIn({ port, signal: AbortSignal.timeout(timeout * 1000), open })
        const running = await takeItIn(home)
        print.result({ server: id, signedIn: true, running }, (style) =>
          running
            ? `${style.good('Signed in')}; the node has taken ${id} in.`
            : `${style.good('Signed in')}. The node takes it in when it starts.`,
        )
        return undefined
      }),
    )
}

type Signing = { port: number; signal: AbortSignal; open(url: URL): void }

async function signingIn(
  home: string,
  environment: Environment,
  id: string,
): Promise<(init: Signing) => Promise<void>> {
  const { readConfig } = await import('../../config/index.ts')
  const { openHome } = await import('../../home/home.ts')
  const { login } = await import('../../upstream/login.ts')
  const { upstreamSettings } = await import('../../start/upstream-settings.ts')
  const { configuredAuthorities } = await import('../examine-tls.ts')
  const { systemClock: clock } = await import('../../system-clock.ts')
  const { Agent } = await import('undici')
  const { paths } = await openHome(home)
  const config = await readConfig(paths.config, environment)
  const { url, auth } = loginOf(config, id)
  const settings = upstreamSettings(config, paths, await configuredAuthorities(config.tls?.ca))
  return async (init) => {
    const dispatcher = new Agent()
    try {
      const fetch = settings.fetch(url, auth.issuer, dispatcher)
      const tokenFile = settings.tokenFile(id)
      await login({ ...init, server: id, url, auth, tokenFile }, { clock, fetch })
    } finally {
      await dispatcher.destroy()
    }
  }
}

function loginOf({ capabilities }: NodeConfig, id: string) {
  const item = capabilities.find((one) => one.kind === 'mcp' && one.prefix === id)
  if (item?.kind !== 'mcp') throw usage(`No MCP server with the id ${id} is configured. See: hansa capability auth`)
  const { connection, auth } = item
  if (auth?.method !== 'login' || connection.kind !== 'http')
    throw usage(`Nobody signs in at ${id}: its auth.method in hansa.yaml is ${auth?.method ?? 'not set'}.`)
  return { url: connection.url, auth }
}

/** @returns whether a node runs. */
async function takeItIn(home: string): Promise<boolean> {
  const { ask } = await import('../control-client.ts')
  const { codeOf } = await import('../take-in.ts')
  return ask(home, 'reload', {}).then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === 'node_not_running') return false
      throw error
    },
  )
}

function numberOf(option: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw usage(`${option} is a whole number from ${min} to ${max}.`)
}
