import type { Command } from 'commander'
import type { Environment } from '../../config/index.ts'
import type { Cli } from '../cli.ts'
import { failed, usage } from '../errors.ts'

export function webhookCommand(cli: Cli): Command {
  return cli.group('webhook', 'have approvals told to a program of yours', [createCommand(cli), testCommand(cli)])
}

function createCommand(cli: Cli): Command {
  return cli
    .command('create', {
      summary: 'make the secret that messages are signed with',
      description:
        'Makes keys/webhook.secret, readable by you alone, and prints the secret for the receiver, which verifies each message with it (Standard Webhooks). Then name it in hansa.yaml and start the node again.',
      examples: ['hansa webhook create', 'hansa webhook create > secret-for-the-receiver'],
    })
    .action(
      cli.action(async ({ home, print }) => {
        const { openHome } = await import('../../home/home.ts')
        const { createWebhookSecret } = await import('../../webhook/index.ts')
        const { paths } = await openHome(home)
        const secret = await createWebhookSecret(paths.webhookSecret)
        print.result({ file: paths.webhookSecret, secret }, () => secret)
        print.note((style) => {
          const lines = ['approvals:', '  webhook:', '    url: https://…', '    secret_file: keys/webhook.secret']
          const told = `It is in ${paths.webhookSecret}, for you alone. Give it to the receiver, and nobody else.`
          return `${style.dim(told)}\nIn hansa.yaml, then start the node again:\n${lines.map((line) => `  ${line}`).join('\n')}`
        })
        return undefined
      }),
    )
}

function testCommand(cli: Cli): Command {
  return cli
    .command('test', {
      summary: 'send one message and say what became of it',
      description:
        'Sends a signed message of the type webhook.test to the receiver that hansa.yaml names, once, under the same rules as the node: no redirect, and no address that allow_private does not name. The node need not run.',
      examples: ['hansa webhook test', 'hansa webhook test --home ./orgb --json'],
    })
    .action(
      cli.action(async ({ home, print, environment }) => {
        const { host, answer } = await sendTest(home, environment)
        if (!answer.ok) throw failed(`${host} did not take the message: ${answer.reason}`)
        print.result({ ok: true, host }, (style) => `${style.good('Delivered')}: ${host} took the message.`)
        return undefined
      }),
    )
}

async function sendTest(home: string, environment: Environment) {
  const { readConfig } = await import('../../config/index.ts')
  const { openHome } = await import('../../home/home.ts')
  const { readWebhook, webhookFetch } = await import('../../start/approval-webhook.ts')
  const { systemClock: clock } = await import('../../system-clock.ts')
  const { webhookPost } = await import('../../webhook/index.ts')
  const { configuredAuthorities } = await import('../examine-tls.ts')
  const { randomId } = await import('@hansa/trust')
  const { paths, keys } = await openHome(home)
  const config = await readConfig(paths.config, environment)
  const { webhook, faults } = await readWebhook(config)
  if (webhook === undefined)
    throw usage(faults[0] ?? 'hansa.yaml names no approvals.webhook. Make its secret with: hansa webhook create')
  const ca = await configuredAuthorities(config.tls?.ca)
  const fetch = webhookFetch(webhook.url, { allowPrivate: config.allowPrivate, ...ca })
  const post = webhookPost({ ...webhook, fetch, clock })
  const timestamp = new Date(clock.now()).toISOString()
  const body = JSON.stringify({ type: 'webhook.test', timestamp, data: { kernel: keys.signer.did } })
  const answer = await post({ id: `webhook_test_${randomId()}`, body }, new AbortController().signal)
  return { host: new URL(webhook.url).host, answer }
}
