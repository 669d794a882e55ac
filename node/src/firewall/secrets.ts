/**
 * Secrets by their form: keys and tokens that issuers gave a recognisable shape, so that a find is hardly ever wrong.
 * Text that is merely random is not called a secret: identifiers and hashes are, too. What has no form is met by
 * canaries (see detector.ts).
 */
import type { Detector, Span } from './detector.ts'
import { byPattern } from './pattern-detector.ts'
import { traits } from './traits.ts'

function secret(name: string, pattern: RegExp, needs: number = traits.token): Detector {
  return byPattern({ rule: `secret.${name}`, means: 'secret', needs }, pattern)
}

export const secretDetectors: readonly Detector[] = [
  secret('kernel_token', /\bhkt1\.[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{8,}/g),
  { rule: 'secret.jwt', means: 'secret', needs: traits.token, find: findJsonWebTokens },
  secret('private_key', /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g, traits.dashes),
  secret('aws_access_key', /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/g),
  secret('aws_secret_key', /\baws.{0,20}(?:secret|key).{0,6}[:=]\s{0,3}["']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/gi),
  secret('google_api_key', /\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/g),
  secret('google_oauth', /\b(?:ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{28})/g),
  secret('azure_storage_key', /\bAccountKey=[A-Za-z0-9+/]{80,90}={0,2}/g),
  secret('slack_token', /\bxox[abeoprs]-[A-Za-z0-9-]{16,}/g),
  secret('slack_app_token', /\bxapp-\d-[A-Za-z0-9-]{16,}/g),
  secret('slack_webhook', /\bhooks\.slack\.com\/(?:services|workflows)\/[A-Za-z0-9/_-]{20,}/g),
  secret('github_token', /\b(?:gh[opusr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})/g),
  secret('gitlab_token', /\bgl(?:pat|dt|rt|ptt|cbt)-[A-Za-z0-9_-]{20,}/g),
  secret('stripe_key', /\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}/g),
  secret('model_api_key', /\bsk-(?:(?:proj|ant|svcacct|admin|or)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{32,})/g),
  secret('npm_token', /\bnpm_[A-Za-z0-9]{36}\b/g),
  secret('sendgrid_key', /\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}/g),
  secret('authorization_header', /\b(?:Bearer|Basic)\s{1,3}(?=[A-Za-z0-9._~+/=-]{0,64}\d)[A-Za-z0-9._~+/=-]{20,}/gi),
  secret('url_password', /\b[a-z][a-z0-9+.-]{1,16}:\/\/[^\s/:@"']{0,64}:[^\s/@"']{3,128}@[A-Za-z0-9[]/gi, traits.at),
]

const SEGMENT_START = /eyJ[A-Za-z0-9_-]{8}/
const SEGMENT = /^eyJ[A-Za-z0-9_-]{4}/

/** Two segments that both begin with `{"`: found from the dot between them, so that each character is read once. */
function findJsonWebTokens(text: string): Span[] {
  const spans: Span[] = []
  let from = 0
  for (let dot = text.indexOf('.eyJ'); dot >= 0; dot = text.indexOf('.eyJ', dot + 1)) {
    let start = dot
    while (start > from && isBase64url(text.charCodeAt(start - 1))) start--
    const head = SEGMENT_START.exec(text.slice(start, dot))
    if (head !== null && SEGMENT.test(text.slice(dot + 1, dot + 8))) spans.push([start + head.index, dot + 8])
    from = dot + 1
  }
  return spans
}

function isBase64url(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x2d ||
    code === 0x5f
  )
}
