/** What `hansa init` writes: a configuration in which every key is explained, and a policy that permits nothing. */

export type TemplateInit = {
  name?: string
  listen?: string
  publicUrl?: string
  registryUrl?: string
  /** Ranges of addresses. */
  allowPrivate?: readonly string[]
  /** The pair that `hansa tls create` makes. */
  tls?: boolean
}

export function configTemplate({
  name,
  listen,
  publicUrl,
  registryUrl,
  allowPrivate,
  tls = false,
}: TemplateInit): string {
  return `# Configuration of this node. Paths are relative to this file. A variable of the environment goes before it:
# HANSA_ and the key, as in HANSA_LISTEN and HANSA_LIMITS_DRAIN_SECONDS. See what holds with: hansa config show
# Check it with: hansa config check. Read at start; policy files are read again when they change.
# For editors: hansa config schema > hansa.schema.json, and "# yaml-language-server: $schema=hansa.schema.json" here.

# For people; becomes the default alias at importers.
${setting('name', name, 'orga')}

# Where other kernels reach this node: HOST:PORT, and port 0 takes a free one. Default: 127.0.0.1:7400
${setting('listen', listen, '127.0.0.1:7400')}

# Base URL under which they reach it, when it is not where it listens. Plain http is for this machine only.
${setting('public_url', publicUrl, 'https://kernel.example')}

# The node serves https itself: certificate and key in PEM, read again when they change. Make a pair that needs no
# authority with: hansa tls create --host NAME. \`ca\` is for roots that are trusted besides those of Node.
# Without it: plain http, for this machine or a TLS proxy on it.
${tlsSetting(tls)}

# SHA-256 of the public key (SPKI) of each certificate of a TLS proxy under an https public_url, base64url: peers bind
# their sessions to it, and labelled data needs that. With tls: of the certificate that comes next.
# tls_spki: [47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU]

# Whether sessions with other kernels are carried over WebSockets, opened and taken at /hansa/v1/session; false for single
# HTTP requests only, where a proxy lets no upgrade through. Default: true
# web_socket: true

# Addresses besides public ones that may be reached: false, true, or a list such as [10.0.0.0/8]. Default: false
${allowPrivate === undefined ? '# allow_private: false' : `allow_private: ${JSON.stringify(allowPrivate)}`}

# Changes of the key of this node (hansa key rotate), where its identity has a log: how long a new key is announced before
# it signs, and how long the one before stays in the document. Default: 600 and 3660 seconds
# identity:
#   announce_seconds: 600
#   overlap_seconds: 3660

# Lines on standard error: debug, info, warn, error or silent. Default: info
# log_level: info

# Whom a call without a principal is for. Default: agent:local
# principal: agent:local

# Where this node lists itself, and where it looks others up.
${registryUrl === undefined ? '# registry:\n#   url: https://registry.example' : `registry:\n  url: ${JSON.stringify(registryUrl)}`}

# Several registries: the node lists itself in each, looks its own name up there every 10 minutes, and asks all of them.
# registries:
#   - https://registry.example
#   - https://second.example

# Policy files, and directories of which every .yaml file is one. Without a rule that allows it, a call is denied.
policies:
  - policy.yaml
  - policy.d                    # hansa peer add writes its rules here

# Whether a policy that may permit more than the one in force waits for two persons: hansa policy pending --help
# policy_changes:
#   two_persons: true

# What is known of other kernels beforehand: labels that they may be sent, and how much they are trusted. A did:web needs
# \`keys\` besides: those that its operator told you by another way.
# peers:
#   - did: did:key:z6Mk...
#     alias: orgb
#     clearance: [PII]
#     same_owner: false
#     delegation: false           # true: chains of delegations may pass between it and this node
#     standing: 500

# Kernels whose grants count here besides those of this node, in chains of delegations: hansa delegate --help
# delegation:
#   owners: [did:key:z6Mk...]

# Where agents of other accounts and of containers reach this node: unix:PATH or 127.0.0.1:PORT. Every request there
# shows a credential: hansa agent add NAME. Agents of this account use control.sock. Default: nowhere
# agents:
#   listen: unix:/run/hansa/agents.sock
#   socket_mode: "0660"

# Speaks A2A where agents connect: the card is at /.well-known/agent-card.json, messages go to /a2a. A client that knows
# nothing of this node is served by \`default\`. See docs/guides/a2a.md. Default: it is not spoken
# a2a:
#   public_url: https://agents.example   # of a TLS proxy in front; default: where agents connect
#   name: Lübeck Trading House
#   provider: { organization: Lübeck Trading House, url: https://luebeck.example }
#   default: desk.ask             # or ALIAS/ID
#   deadline_seconds: 60
#   keep_hours: 24                # for tasks that have ended, or wait and nobody answers
#   push: true                    # whether clients may name webhooks
#   grpc_listen: 127.0.0.1:7412   # gRPC too; default: nowhere
#   legacy: false                 # whether A2A 0.3 is spoken too

# MCP, as agents and MCP hosts are served it at /mcp of these listeners: hansa mcp --help. What is open to a caller is what
# its policies may permit. \`primary\` names an MCP server under capabilities whose tools keep their own names.
# mcp:
#   serve: both                   # agents, operator, both or none
#   public_url: https://mcp.example
#   capabilities: [files.*, orgb/*]
#   primary: files
#   page_size: 100
#   deadline_seconds: 60

# Whose tokens agents may show instead of a credential: OpenID providers and SPIFFE trust domains. Each subject becomes
# the principal that \`principal\` makes of its claims. See what an issuer's keys are with: hansa issuer check NAME
# issuers:
#   - name: corp
#     oidc:
#       issuer: https://login.example
#     principal: agent:corp-{sub}
#   - name: mesh
#     spiffe:
#       trust_domain: prod.example
#       path: /ns/{ns}/sa/{sa}
#       bundle_file: prod.example.bundle.json
#     principal: agent:mesh-{ns}.{sa}

# Who may exchange such tokens for tokens of this node, at POST /oauth/token where agents connect. Default: nobody
# token_exchange:
#   clients:
#     - id: reporter
#       jwks_file: reporter.jwks.json

# For supervisors and monitoring: GET /health, /ready and /metrics, without a password. Default: nowhere
# operations:
#   listen: 127.0.0.1:9464

# Traces of calls over OTLP/HTTP: a span for each call and each of its stages. Default: none
# telemetry:
#   otlp: http://127.0.0.1:4318/v1/traces
#   sample: 1

# Where it is told that a request waits for a person, and what was decided. Make the secret with: hansa webhook create
# Arguments are told only with include_arguments: true. Default: nowhere
# approvals:
#   webhook:
#     url: https://chat.example/hooks/hansa
#     secret_file: keys/webhook.secret

# Who vouches for the log of this node: other organisations, asked in the background to cosign its checkpoints. They
# show their key with \`hansa key show\`. Without a quorum for ten minutes only READ calls are taken. Instead of
# \`witnesses\` and \`quorum\`, \`policy\` names a tlog-policy file. \`logs\` is whose logs this node cosigns besides those
# of the kernels it imported. Default: nobody is asked
# witnessing:
#   witnesses:
#     - url: https://witness.example:8443/hansa/witness
#       vkey: witness.example/w1+3e40c588+BL0Per5xZagp4+wytF9afAWSco/NqEsMgBChtHmrfkr/
#   quorum: 1                     # default: more than half of them
#   without_quorum: refuse        # or permit
#   logs: []

# What of the content of calls is kept, encrypted, besides the log, which only commits to it: none, arguments, results
# or all. See it with: hansa audit content --call ID. Erase it with: hansa audit erase. Default: none
# audit:
#   content: none
#   content_days: 30              # then it is erased
#   content_max_gib: 10           # beyond it the oldest is erased

# Strings that never may leave, whatever they look like.
# canaries: [a-string-of-your-own]

# What whoever asks is shown of the log under /hansa/log/: its checkpoint and hashes, or none. Entries never.
# log:
#   public: hashes

# Calls at the same time.
# limits:
#   calls_per_peer: 64
#   calls_per_principal: 8
#   calls: 1024                   # of everybody together
#   local_reserve_percent: 25     # of these, left for agents of this node
#   drain_seconds: 30             # for running calls, when the node is told to stop
#   log_max_gib: 0                # what the log may take on disk, GiB; 0: only the disk limits it
#   log_reserve_mib: 64           # kept free for the last entries of the log

# Where calls go that name no peer, and whether another provider may serve what the first one did not. How it is known that
# a capability is served: calls and canaries. When a peer is cut off, so that calls of it are refused at once instead of waiting, and how often it is looked for.
# routing:
#   unnamed: true                 # \`files.read\`, not offered here, is called where it is imported from
#   fallback: unnamed             # never, unnamed or always
#   canaries: true                # calls as agent:canary; a rule has to permit them
#   health_minutes: 10
#   breaker:
#     failure_percent: 50         # of at least min_exchanges within window_seconds
#     min_exchanges: 20
#     window_seconds: 30
#     failures_in_a_row: 5        # or so many one behind the other
#     probe_seconds: 10           # longest pause between two looks for it
#   retry_percent: 10             # repetitions, as a part of the calls to a peer

# Who may say that a kernel is imported for the first time: an operator, or two discovery channels that agree
# (two_channels); or an operator only (operator). An import permits nothing, only rules do. Default: two_channels
# first_import: operator

# Searches in what other kernels offer go by meaning too, with the vectors of a server that speaks POST /v1/embeddings, of a
# cloud or your own. It reads every question, and what others offer. Default: by words alone
# search:
#   embeddings:
#     url: https://api.example/v1/embeddings
#     model: text-embedding-3-small
#     key_file: keys/embeddings.key
#     capabilities: 5000          # whose vectors are kept

# What is kept of the manifests of other kernels, once this node takes part in a mesh, and whom it asks and tells.
# replica:
#   kernels: 100000
#   max_mib: 256
#   strangers_percent: 25         # of both, for what unknown kernels bring
#   neighbours: 5                 # besides those that were joined through
#   told_at_once: 3               # of what is new
#   followed_at_once: 3
#   period_seconds: 5             # between two questions to one that does not hold them back
#   wait_seconds: 20              # for which one is asked to hold a question back

# A libp2p host: kernels find each other by it without a registry, on a LAN or by hosts that are known, and reach each other
# behind NAT. See docs/guides/hosts.md. Default: none
# mesh:
#   listen: [/ip4/0.0.0.0/tcp/7401]
#   bootstrap: [/dns4/mesh.example/tcp/7401/p2p/12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq]
#   mdns: false                   # whether hosts on the same LAN find each other
#   relay: client                 # none, client, or server: be a relay for hosts that cannot be reached
#   dht: client                   # off, client, or server: keep a part of it for everybody

# What this node offers; added to by: hansa capability add, and taken in by: hansa reload. What has no class is
# DESTRUCTIVE, and of an MCP server it is not offered at all.
# capabilities:
#   - mcp:                        # a server that speaks MCP; classify its tools with: hansa capability classify
#       id: files
#       command: npx
#       args: [-y, '@modelcontextprotocol/server-filesystem', ./shared]
#       capabilities:
#         read_text_file: { safety: READ }
#         write_file: { safety: WRITE, obligations: [human_approval] }
#       prompts: { summarize: { safety: READ } }   # offered as files.prompts.summarize
#       resources: { safety: READ }                # all of them, as files.mcp.resources
#       # auth: { method: login, issuer: https://login.example }   with url in the place of command: OAuth; see docs/guides/capabilities.md
#       asks: false                                # one connection for everybody, on which it may ask nobody. Default: true
#   - a2a:                        # an agent of somebody else; classify its skills in the same way
#       id: planner
#       url: https://planner.example
#       signer: did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH
#       clearance: []             # labels that it may be sent
#       capabilities:
#         plan: { safety: READ }
#   - http:                       # one HTTP request
#       id: weather.today
#       method: GET
#       url: https://weather.example/today/{city}
#       safety: READ
#       input: { type: object, properties: { city: { type: string } }, required: [city] }
#   - module:                     # an ES module that exports capabilities: [{ definition, handler }]
#       path: ./capabilities.mjs
`
}

function tlsSetting(tls: boolean): string {
  const lines = ['tls:', '  certificate: tls.crt', '  key: keys/tls.key']
  return (tls ? lines : [...lines, '  ca: partners.pem'].map((line) => `# ${line}`)).join('\n')
}

function setting(key: string, value: string | undefined, example: string): string {
  return value === undefined ? `# ${key}: ${example}` : `${key}: ${JSON.stringify(value)}`
}

export const policyTemplate = `# Policy of this node. Where no rule speaks, a call is denied; a deny goes before every other rule.
# Check it with: hansa policy check policy.yaml
# A running node takes a change within seconds, or at once with: hansa policy reload
rules: []

# An example. Replace "rules: []" by it:
#
# rules:
#   - id: own-agents-read
#     description: Agents of this kernel may read files.
#     effect: allow                       # allow, deny or require_approval
#     subject: agent:*                    # who: agent:NAME, person:NAME, peer:ALIAS, did:...
#     action: invoke
#     resource: [files.read_text_file, orgb/files.read_text_file]
#     when: args.path.startsWith("public/")
#     obligations: [redact:PII, max_rows:100]
#     limit: { calls: 60, per_seconds: 60 }
#
#   - id: writes-need-a-person
#     effect: require_approval
#     subject: '*'
#     action: invoke
#     resource: files.write_file
`
