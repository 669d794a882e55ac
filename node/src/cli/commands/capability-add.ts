import { relative, resolve } from 'node:path'
import { type CapabilityInfo, type Safety, safetyClasses } from '@hansa/protocols'
import { type Command, Option } from 'commander'
import type { ConfigItem } from '../../config/config-item-schema.ts'
import { type UpstreamMethod, upstreamMethods } from '../../upstream/upstream-auth.ts'
import type { Cli, Invocation } from '../cli.ts'
import { usage } from '../errors.ts'
import { collect } from '../options.ts'
import { counted } from '../table.ts'

type Classes = { safety?: Safety; sensitivity?: string[]; obligation?: string[]; title?: string; description?: string }
type Http = NonNullable<ConfigItem['http']>
type Mcp = NonNullable<ConfigItem['mcp']>
type HttpOptions = Classes & {
  method: Http['method']
  url: string
  query?: string[]
  body?: string[]
  header?: string[]
  input?: string
  output?: string
}
type McpOptions = {
  auth?: UpstreamMethod
  issuer?: string
  clientId?: string
  secretFile?: string
  keyFile?: string
  scope?: string

  asks?: boolean
  command?: string
  args?: string[]
  env?: string[]
  cwd?: string
  url?: string
  header?: string[]
}

type A2aOptions = {
  url?: string
  card?: string
  interface?: string
  header?: string[]
  signer?: string
  key?: string[]
  clearance?: string[]
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

export function capabilityAddCommand(cli: Cli): Command {
  return cli.group('add', 'offer something: a module, an HTTP request, an MCP server, an agent', [
    httpCommand(cli),
    mcpCommand(cli),
    a2aCommand(cli),
    moduleCommand(cli),
  ])
}

function httpCommand(cli: Cli): Command {
  return cli
    .command('http', {
      summary: 'offer one HTTP request',
      description:
        'Adds a capability that is one HTTP request to hansa.yaml, and to the running node. {name} in the path of the URL stands for the argument of that name.',
      examples: [
        'hansa capability add http weather.today --method GET --url https://weather.example/today/{city} --safety READ',
        `hansa capability add http tickets.open --method POST --url https://desk.example/tickets --body rest --header 'authorization: Bearer x' --input @ticket.schema.json --safety WRITE`,
      ],
    })
    .argument('<id>', 'dotted segments of [a-z0-9_-]')
    .addOption(new Option('--method <method>', 'of the request').choices(METHODS).makeOptionMandatory())
    .requiredOption('--url <url>', 'http(s)://host/path?query')
    .option('--query <argument>', 'an argument that becomes a query parameter; can be repeated', collect)
    .option('--body <argument>', 'an argument that goes into the JSON body, or `rest`; can be repeated', collect)
    .option('--header <header>', "'name: value', sent with every request; can be repeated", collect)
    .option('--input <schema>', 'JSON Schema of the arguments, as JSON or @FILE')
    .option('--output <schema>', 'JSON Schema of the answer, as JSON or @FILE (default: untrusted text)')
    .addOption(
      new Option('--safety <class>', 'READ, WRITE or DESTRUCTIVE (default: DESTRUCTIVE)').choices(safetyClasses),
    )
    .option('--sensitivity <label>', 'a label that every result carries, such as PII; can be repeated', collect)
    .option('--obligation <obligation>', 'what is done with every result; can be repeated', collect)
    .option('--title <text>', 'for people')
    .option('--description <text>', 'for people and for agents that choose')
    .action(cli.action<HttpOptions>(async (invocation) => add(invocation, { http: await httpItem(invocation) })))
}

function mcpCommand(cli: Cli): Command {
  return cli
    .command('mcp', {
      summary: 'offer tools, prompts and resources of an MCP server',
      description:
        'Adds an MCP server to hansa.yaml, and to the running node. Its tools, its prompts (ID.prompts.NAME) and its resources (ID.mcp.resources) are listed as unclassified: each is offered once it is classified, with: hansa capability classify ID --safety CLASS. The program starts in the directory of hansa.yaml.',
      examples: [
        'hansa capability add mcp files -- npx -y @modelcontextprotocol/server-filesystem ./shared',
        `hansa capability add mcp crm --url https://crm.example/mcp --header 'authorization: Bearer x'`,
        'hansa capability add mcp wiki --url https://wiki.example/mcp --auth login --issuer https://login.example',
      ],
    })
    .argument('<id>', 'prefix of its tools: what the server calls `read` becomes ID.read')
    .argument('[program...]', 'after --: the program that speaks MCP on standard input and output, and its arguments')
    .option('--command <program>', 'the program, instead of after --')
    .option('--args <arguments...>', 'with --command: its arguments; those that begin with - go after --')
    .option(
      '--env <name=value>',
      'what the program sees of the environment besides the usual; can be repeated',
      collect,
    )
    .option('--cwd <directory>', 'where the program starts, relative to hansa.yaml')
    .option('--url <url>', 'a server that speaks Streamable HTTP, instead of a program')
    .option('--header <header>', "with --url: 'name: value'; can be repeated", collect)
    .addOption(
      new Option('--auth <method>', 'with --url: how the node proves that it may ask (OAuth)').choices(upstreamMethods),
    )
    .option('--issuer <url>', 'with --auth: the authorization server whose tokens the server takes')
    .option('--client-id <id>', 'with --auth: the client that the node is there')
    .option('--secret-file <path>', 'with --auth: the secret of the client, relative to hansa.yaml')
    .option('--key-file <path>', 'with --auth: the private key of the client in PEM, relative to hansa.yaml')
    .option('--scope <scopes>', 'with --auth: separated by spaces (default: what the server asks for)')
    .option('--no-asks', 'the server may ask no caller, and has one connection for all of them (default: it may)')
    .action(cli.action<McpOptions>(async (invocation) => add(invocation, { mcp: mcpItem(invocation) })))
}

function a2aCommand(cli: Cli): Command {
  return cli
    .command('a2a', {
      summary: 'offer the skills of an agent, by A2A',
      description:
        'Adds an agent of somebody else to hansa.yaml, and to the running node. Its card is read, and each skill becomes a task: listed as unclassified, and offered once it is classified, with: hansa capability classify ID --safety CLASS. Such an agent is no kernel: only this node decides and logs, labels go there only by --clearance, and what destroys takes a person.',
      examples: [
        'hansa capability add a2a planner --url https://planner.example --signer did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH',
        `hansa capability add a2a planner --url https://planner.example --header 'authorization: Bearer x' --clearance PII`,
      ],
    })
    .argument('<id>', 'prefix of its skills: what the card calls `plan` becomes ID.plan')
    .option('--url <url>', 'base URL of the agent')
    .option('--card <url>', 'where its card is, instead of --url')
    .option('--interface <url>', 'the one interface of the card to use (default: the first at the host of the card)')
    .option('--header <header>', "'name: value', sent with every message; can be repeated", collect)
    .option('--signer <did>', 'the kernel (did:key) that has to have signed the card')
    .option('--key <jwk>', 'a public key that has to have signed the card, as JSON or @FILE; can be repeated', collect)
    .option('--clearance <label>', 'a label of arguments that it may be sent; can be repeated', collect)
    .action(cli.action<A2aOptions>(async (invocation) => add(invocation, { a2a: await a2aItem(invocation) })))
}

function moduleCommand(cli: Cli): Command {
  return cli
    .command('module', {
      summary: 'offer functions of an ES module',
      description:
        'Adds an ES module that exports `capabilities`, a list of { definition, handler }, to hansa.yaml, and to the running node.',
      examples: ['hansa capability add module ./capabilities.mjs'],
    })
    .argument('<path>', 'of the module, relative to the current directory')
    .action(
      cli.action(async (invocation) => {
        const file = resolve(String(invocation.args[0]))
        const { exists } = await import('../../home/has-node.ts')
        // A node that does not run finds out only when it starts, and does not start then.
        if (!(await exists(file))) throw usage(`There is no file ${file}.`)
        const from = relative(resolve(invocation.home), file)
        const path = /^\.{0,2}\//.test(from) ? from : `./${from}`
        return add(invocation, { module: { path } })
      }),
    )
}

async function add({ home, environment, print, stderr }: Invocation<object>, item: ConfigItem): Promise<undefined> {
  const { addItem } = await import('../../config/edit-config.ts')
  const { takeIn, takenInText } = await import('../take-in.ts')
  const { progress } = await import('../progress.ts')
  const line = await progress(print, stderr, 'Waiting for the node to take it in')
  const taken = await takeIn(home, environment, addItem(item)).finally(() => line.stop())
  const prefix = item.mcp?.id ?? item.a2a?.id
  const waiting = taken.reload === undefined || prefix === undefined ? [] : await unclassified(home, prefix)
  print.result({ ...taken, unclassified: waiting }, (style) => {
    if (waiting.length === 0) return takenInText(style, taken)
    const note = `${counted(waiting.length, 'capability waits', 'capabilities wait')} for a class: ${waiting.join(', ')}`
    const next = `Look at one with: hansa capability show ${waiting[0]}, then: hansa capability classify ${waiting[0]} --safety READ|WRITE|DESTRUCTIVE`
    return [takenInText(style, taken), note, next].join('\n')
  })
  return undefined
}

async function unclassified(home: string, prefix: string): Promise<string[]> {
  const { ask } = await import('../control-client.ts')
  const capabilities: CapabilityInfo[] = await ask(home, 'capabilities', {})
  const waiting = capabilities.filter(({ ref, state }) => state === 'unclassified' && ref.startsWith(`${prefix}.`))
  return waiting.map(({ ref }) => ref)
}

async function httpItem({ options, args: [id] }: Invocation<HttpOptions>): Promise<Http> {
  const { method, url, query, body, header, safety, sensitivity, obligation: obligations, title, description } = options
  const [input, output] = [await schemaOf('--input', options.input), await schemaOf('--output', options.output)]
  const place: Http['body'] = body?.length === 1 && body[0] === 'rest' ? 'rest' : body
  const texts = { title, description, safety, sensitivity, obligations }
  return present({
    id: String(id),
    method,
    url,
    query,
    body: place,
    headers: headersOf(header),
    ...texts,
    input,
    output,
  })
}

function mcpItem({ options, args: [id, program] }: Invocation<McpOptions>): NonNullable<ConfigItem['mcp']> {
  const after = (program ?? []) as string[]
  const { url, cwd, env, header } = options
  // What stands after -- are the arguments of --command where there is one.
  const [command, ...args] =
    options.command === undefined ? after : [options.command, ...(options.args ?? []), ...after]
  if (command === undefined && url === undefined)
    throw usage('Say how to reach the server: -- PROGRAM ARGUMENTS, or --url URL.')
  const pairs = env?.map((text) => pairOf(text, '=', '--env NAME=VALUE'))
  return present({
    id: String(id),
    command,
    args: args.length === 0 ? undefined : args,
    env: pairs === undefined ? undefined : Object.fromEntries(pairs),
    cwd,
    url,
    headers: headersOf(header),
    asks: options.asks === false ? false : undefined,
    auth: authItem(options),
  })
}

async function a2aItem({ options, args: [id] }: Invocation<A2aOptions>): Promise<NonNullable<ConfigItem['a2a']>> {
  const { url, card, header, signer, key, clearance } = options
  if (url === undefined && card === undefined) throw usage('Say where the agent is: --url URL, or --card URL.')
  const keys = key && (await Promise.all(key.map((given) => objectOf('--key', given, 'A public key'))))
  const headers = headersOf(header)
  const said = { id: String(id), url, card, interface: options.interface, headers, signer, keys, clearance }
  return present(said) as NonNullable<ConfigItem['a2a']>
}

function authItem({ auth, issuer, clientId, secretFile, keyFile, scope }: McpOptions): Mcp['auth'] {
  if (auth === undefined) {
    if ([issuer, clientId, secretFile, keyFile, scope].every((given) => given === undefined)) return undefined
    throw usage(`Say how the node proves that it may ask: --auth ${upstreamMethods.join('|')}.`)
  }
  if (issuer === undefined) throw usage('--auth needs --issuer: no other authorization server gets credentials.')
  const files = { client_id: clientId, secret_file: secretFile, key_file: keyFile }
  return present({ method: auth, issuer, ...files, scope })
}

async function schemaOf(option: string, given: string | undefined): Promise<Http['input']> {
  return given === undefined ? undefined : ((await objectOf(option, given, 'A JSON Schema')) as Http['input'])
}

async function objectOf(option: string, given: string, what: string): Promise<object> {
  const { readArguments } = await import('../call-input.ts')
  const { Readable } = await import('node:stream')
  const value = await readArguments(given, Readable.from([]), `${what} of ${option}`)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw usage(`${option}: ${what.toLowerCase()} is an object.`)
}

function headersOf(given: readonly string[] | undefined): Record<string, string> | undefined {
  return given && Object.fromEntries(given.map((text) => pairOf(text, ':', "--header 'name: value'")))
}

function pairOf(text: string, separator: string, form: string): [string, string] {
  const at = text.indexOf(separator)
  if (at < 1) throw usage(`Write it as ${form}.`)
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

/** Without the members that are undefined. */
function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as never
}
