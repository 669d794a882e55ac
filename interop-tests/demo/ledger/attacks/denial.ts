import { type Attack, middleCall, withoutCall } from '../attack.ts'

export const denial: Attack = {
  name: 'denial',
  title: 'denies that it asked',
  why: 'It had the other side act, and says that it never asked: intent and receipt are gone from its log.',
  plan: (entries) => {
    const callId = middleCall(entries, ({ type }) => type === 'intent.sent')
    return { callId, edit: (entry) => withoutCall(entry, callId) }
  },
}
