/** Intents of calls that may be asked something, and of calls that answer, as they travel. */
import { inputMethods } from '@hansa/protocols'
import { signBatch } from '../../signed/batch-signer.ts'
import { type Prepared, prepare } from '../../signed/prepared.ts'
import { alice } from '../actors.ts'
import { anIntent } from '../statements.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

const CALL = 'QUFBQUFBQUFBQUFBQUFBQQ'

function signed(object: Prepared | string) {
  const prepared =
    typeof object === 'string' ? { typ: 'hansa-intent' as const, payloadBytes: Buffer.from(object), hash: '' } : object
  const [one] = signBatch(alice, [prepared])
  if (one === undefined) throw new RangeError('nothing was signed')
  return one
}

type Asking = { accepts?: readonly (typeof inputMethods)[number][]; continues?: string }

function valid(description: string, { accepts, continues }: Asking) {
  const said = {
    ...(accepts === undefined ? {} : { accepts: [...accepts] }),
    ...(continues === undefined ? {} : { continues }),
  }
  const { text, hash } = signed(prepare('hansa-intent', anIntent(said)))
  return { description, issuer: alice.did, envelope: text, hash, ...said }
}

/** Well signed by alice, so that the payload alone is wrong. */
function invalid(description: string, over: object, reason: string) {
  const { text } = signed(JSON.stringify({ ...anIntent(), ...over }))
  return { description, issuer: alice.did, envelope: text, reason }
}

export function intentVectors(): VectorFile[] {
  return [
    ...filesOf('intent/valid', {
      'may-not-be-asked': valid('a call whose caller can answer nothing: neither member is there', {}),
      'accepts-nothing': valid('the same, said with an empty list', { accepts: [] }),
      'accepts-a-message': valid('a caller that can answer in words', { accepts: ['message'] }),
      'accepts-everything': valid('a caller that can answer whatever there is', { accepts: inputMethods }),
      continues: valid('a call that answers what another one asked, and may be asked again', {
        ...{ accepts: ['elicitation/create', 'message'], continues: CALL },
      }),
      'continues-only': valid('a call that answers, and may not be asked again', { continues: CALL }),
    }),
    ...filesOf('intent/invalid', {
      'unknown-method': invalid('a method that nobody knows', { accepts: ['shell/run'] }, 'schema: accepts.0'),
      'not-a-list': invalid('one method alone', { accepts: 'message' }, 'schema: accepts'),
      'too-many': invalid(
        'one method more than there are',
        { accepts: [...inputMethods, 'message'] },
        'schema: accepts',
      ),
      'accepts-null': invalid('a member without a value', { accepts: null }, 'schema: accepts'),
      'continues-no-call': invalid('a call that is none', { continues: 'the last one' }, 'schema: continues'),
      'continues-shorter': invalid('an id of 15 bytes', { continues: 'QUFBQUFBQUFBQUFBQUFB' }, 'schema: continues'),
      'continues-many': invalid('two calls at once', { continues: [CALL, CALL] }, 'schema: continues'),
      'responses-inside': invalid(
        'answers in the intent: they are in the arguments, to which it is committed',
        { continues: CALL, responses: {} },
        'schema: payload',
      ),
    }),
  ]
}
