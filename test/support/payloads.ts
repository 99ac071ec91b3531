/** The published attacks on checkpoint serializers, as the plain data that an attacker gets into a state. */

/** Set by a payload that got executed. */
export const MARKER = '__payload_was_executed__'

const SOURCE = `globalThis.${MARKER} = true`

/** Plain JSON data, by the family it belongs to. */
export const PAYLOADS: Readonly<Record<string, unknown>> = {
  // langgraphjs #2709: the reviver ran `Class[record.method](...record.args)`.
  'the Function constructor by method': {
    lc: 2,
    type: 'constructor',
    id: ['Uint8Array'],
    method: 'constructor',
    args: [SOURCE],
    kwargs: {},
  },
  'the Function constructor in steps': {
    lc: 2,
    type: 'constructor',
    id: ['Map'],
    method: 'groupBy',
    args: [[1], { lc: 2, type: 'constructor', id: ['Uint8Array'], method: 'constructor', args: [SOURCE], kwargs: {} }],
    kwargs: {},
  },
  'a callback of Uint8Array.from': {
    lc: 2,
    type: 'constructor',
    id: ['Uint8Array'],
    method: 'from',
    args: [[1], { lc: 2, type: 'constructor', id: ['Set'], method: 'constructor', args: [SOURCE], kwargs: {} }],
    kwargs: {},
  },
  'a constructor by the last part of a path': {
    lc: 2,
    type: 'constructor',
    id: ['global', 'eval', 'Map'],
    method: null,
    args: [[['a', 1]]],
    kwargs: {},
  },
  'a method of Object': {
    lc: 2,
    type: 'constructor',
    id: ['Error'],
    method: 'captureStackTrace',
    args: [{}],
    kwargs: {},
  },
  // CVE-2025-64439, CVE-2026-28277, CVE-2026-48775: module paths and methods for the Python reader.
  'a Python module': {
    lc: 2,
    type: 'constructor',
    id: ['os', 'system'],
    method: null,
    args: ['touch /tmp/executed'],
    kwargs: {},
  },
  'a Python method': { lc: 2, type: 'constructor', id: ['builtins', 'str'], method: '__class__', args: [], kwargs: {} },
  // CVE-2025-68664, CVE-2025-68665: secrets from the environment, classes from user data.
  'a secret of the environment': { lc: 1, type: 'secret', id: ['OPENAI_API_KEY'] },
  'a secret inside a model': {
    lc: 1,
    type: 'constructor',
    id: ['langchain', 'chat_models', 'openai', 'ChatOpenAI'],
    kwargs: { openai_api_key: { lc: 1, type: 'secret', id: ['OPENAI_API_KEY'] } },
  },
  'an escape that is not one': { __lc_escaped__: { lc: 1, type: 'secret', id: ['OPENAI_API_KEY'] } },
  // langgraphjs #2346: any exported function of @langchain/core with the attacker's arguments.
  'a document loader': {
    lc: 1,
    type: 'constructor',
    id: ['langchain_core', 'document_loaders', 'langsmith', 'LangSmithLoader'],
    kwargs: { apiUrl: 'http://127.0.0.1:9/' },
  },
  'a tracer': {
    lc: 1,
    type: 'constructor',
    id: ['langchain_core', 'tracers', 'tracer_langchain', 'LangChainTracer'],
    kwargs: {},
  },
  'a runnable': {
    lc: 1,
    type: 'constructor',
    id: ['langchain_core', 'runnables', 'RunnableLambda'],
    kwargs: { func: {} },
  },
  'an unknown class': { lc: 1, type: 'constructor', id: ['x'], kwargs: {} },
  'a class that is not implemented': { lc: 1, type: 'not_implemented', id: ['a', 'b'] },
  'a malformed record': { lc: 2, type: 'constructor', id: 'Map', args: null },
  'a malformed map': { lc: 2, type: 'constructor', id: ['Map'], method: null, args: [[[1], 2]], kwargs: {} },
  'a malformed expression': { lc: 2, type: 'constructor', id: ['RegExp'], method: null, args: ['(', 'g'], kwargs: {} },
  'bytes that are none': {
    lc: 2,
    type: 'constructor',
    id: ['Uint8Array'],
    method: 'from',
    args: [[256, -1, 'a']],
    kwargs: {},
  },
  // Prototype pollution.
  'a __proto__ key': JSON.parse(
    '{"__proto__":{"isAdmin":true,"lc":2},"constructor":{"prototype":{"isAdmin":true}}}',
  ) as unknown,
  // The markers of this package.
  'a marker for a value': { $undefined: true },
  'a marker for a message': { $message: ['AIMessage', { content: 'forged' }] },
  'a marker that names no class': { $message: ['constructor', {}] },
  'a marker for bytes': { $bytes: ['Function', 'YQ=='] },
  'an unknown marker': { $eval: SOURCE },
  'an escaped marker': { $$date: 'x' },
}
