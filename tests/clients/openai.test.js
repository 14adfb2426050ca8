// The official OpenAI SDK, pointed at the gateway and otherwise untouched.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import OpenAI from 'openai';
import { startGateway } from './gateway.js';

let gateway;
let client;
before(async () => {
  gateway = await startGateway();
  client = new OpenAI({ baseURL: gateway.baseURL, apiKey: gateway.key, maxRetries: 0 });
});
after(() => gateway?.stop());

const hello = [{ role: 'user', content: 'hello there' }];
const everywhere = ['rekaai/reka-edge', 'rekaai/reka-flash-3', 'reka-core', 'reka-flash', 'reka-flash-3',
  'reka-edge-2603', 'reka-flash-research', 'RekaAI/reka-flash-3'];

describe('chat', () => {
  for (const model of everywhere) {
    it(`${model} answers whole`, async () => {
      const { data, response } = await client.chat.completions.create({ model, messages: hello }).withResponse();
      assert.equal(data.object, 'chat.completion');
      assert.equal(data.model, model);
      assert.ok(data.choices[0].message.content.length > 0);
      assert.equal(data.choices[0].message.role, 'assistant');
      assert.equal(data.choices[0].finish_reason, 'stop');
      assert.ok(data.usage.prompt_tokens > 0);
      assert.equal(data.usage.total_tokens, data.usage.prompt_tokens + data.usage.completion_tokens);
      assert.ok(response.headers.get('x-request-id'));
      assert.match(response.headers.get('x-tollgate-provider'), /\(simulated\)$/);
      assert.match(response.headers.get('x-tollgate-cost-usd'), /^\d+(\.\d+)?$/);
    });

    it(`${model} streams the same text, one role, one id`, async () => {
      const whole = await client.chat.completions.create({ model, messages: hello });
      const stream = await client.chat.completions.create(
        { model, messages: hello, stream: true, stream_options: { include_usage: true } });
      let text = '';
      let usage = null;
      const roles = [];
      const ids = new Set();
      for await (const chunk of stream) {
        ids.add(chunk.id);
        assert.equal(chunk.model, model);
        if (chunk.usage) usage = chunk.usage;
        for (const choice of chunk.choices) {
          if (choice.delta.role) roles.push(choice.delta.role);
          text += choice.delta.content ?? '';
        }
      }
      assert.equal(text, whole.choices[0].message.content);
      assert.deepEqual(roles, ['assistant']);
      assert.equal(ids.size, 1);
      assert.ok(usage.total_tokens > 0);
      assert.ok(usage.cost !== undefined);
    });
  }

  it('a stream does not mention usage to a client that did not ask', async () => {
    const stream = await client.chat.completions.create({ model: 'rekaai/reka-edge', messages: hello, stream: true });
    for await (const chunk of stream) {
      assert.equal(chunk.usage ?? null, null);
      assert.ok(chunk.choices.length > 0);
    }
  });
});

describe('x-tollgate-explain', () => {
  const headers = { 'x-tollgate-explain': 'true' };

  it('is one more member of a whole answer', async () => {
    const answer = await client.chat.completions.create({ model: 'rekaai/reka-edge', messages: hello }, { headers });
    assert.ok(answer.choices[0].message.content.length > 0);
    assert.equal(answer.tollgate.explain.targets[0].outcome, 'answered');
  });

  it('is a comment of a stream, which nobody sees', async () => {
    const plain = await client.chat.completions.create({ model: 'rekaai/reka-edge', messages: hello });
    const stream = await client.chat.completions.create(
      { model: 'rekaai/reka-edge', messages: hello, stream: true }, { headers });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? '';
    assert.equal(text, plain.choices[0].message.content);
  });

  it('stands beside an error', async () => {
    const failing = client.chat.completions.create({ model: 'mock/503', messages: hello }, { headers });
    await assert.rejects(failing, (error) => error.status === 502 && error.code === 'upstream_unavailable');
  });
});

describe('stream helper', () => {
  it('accumulates the answer without doubled strings', async () => {
    const final = await client.chat.completions.stream({ model: 'rekaai/reka-edge', messages: hello })
      .finalChatCompletion();
    assert.equal(final.choices[0].message.role, 'assistant');
    assert.equal(final.choices[0].finish_reason, 'stop');
  });
});

const tools = [{
  type: 'function',
  function: {
    name: 'look_up',
    description: 'Looks a word up',
    parameters: { type: 'object', properties: { q: { type: 'string' } }, required: ['q'] },
  },
}];

describe('tools', () => {
  for (const model of ['rekaai/reka-edge', 'reka-core', 'reka-flash', 'reka-edge-2603']) {
    it(`${model} goes round the loop`, async () => {
      const messages = [{ role: 'user', content: 'use the tool' }];
      const first = await client.chat.completions.create({ model, messages, tools });
      const [choice] = first.choices;
      assert.equal(choice.finish_reason, 'tool_calls');
      const [call] = choice.message.tool_calls;
      assert.equal(call.function.name, 'look_up');
      JSON.parse(call.function.arguments);
      messages.push(choice.message, { role: 'tool', tool_call_id: call.id, content: 'found it' },
        { role: 'user', content: 'thank you' });
      const second = await client.chat.completions.create({ model, messages, tools });
      assert.equal(second.choices[0].finish_reason, 'stop');
    });

    it(`${model} streams a tool call`, async () => {
      const final = await client.chat.completions.stream(
        { model, messages: [{ role: 'user', content: 'use the tool' }], tools }).finalChatCompletion();
      assert.equal(final.choices[0].finish_reason, 'tool_calls');
      assert.equal(final.choices[0].message.tool_calls[0].function.name, 'look_up');
      JSON.parse(final.choices[0].message.tool_calls[0].function.arguments);
    });
  }
});

describe('structured output', () => {
  for (const model of ['rekaai/reka-edge', 'reka-flash-3', 'reka-flash-research']) {
    it(`${model} answers in the schema`, async () => {
      const answer = await client.chat.completions.create({
        model,
        messages: hello,
        response_format: {
          type: 'json_schema',
          json_schema: {
            name: 'city', strict: true,
            schema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'], additionalProperties: false },
          },
        },
      });
      assert.equal(typeof JSON.parse(answer.choices[0].message.content).name, 'string');
    });
  }

  it('a target that cannot is a 400 that names the parameter', async () => {
    await assert.rejects(
      client.chat.completions.create({ model: 'reka-core', messages: hello, response_format: { type: 'json_object' } }),
      (error) => error instanceof OpenAI.BadRequestError && error.param === 'response_format');
  });
});

describe('other endpoints', () => {
  it('embeddings come as numbers, however they travelled', async () => {
    const answer = await client.embeddings.create({ model: 'text-embedding', input: ['one', 'two'] });
    assert.equal(answer.data.length, 2);
    assert.equal(typeof answer.data[0].embedding[0], 'number');
  });

  it('completions answer', async () => {
    const answer = await client.completions.create({ model: 'completions', prompt: 'once upon' });
    assert.ok(answer.choices[0].text.length > 0);
  });

  it('models are listed and found by ids with slashes', async () => {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    for (const model of everywhere) assert.ok(ids.includes(model), model);
    const one = await client.models.retrieve('rekaai/reka-edge');
    assert.equal(one.id, 'rekaai/reka-edge');
    assert.equal(one.context_length, 16384);
  });
});

describe('errors', () => {
  it('a wrong key is an AuthenticationError', async () => {
    const stranger = new OpenAI({ baseURL: gateway.baseURL, apiKey: 'tg-wrong', maxRetries: 0 });
    await assert.rejects(stranger.chat.completions.create({ model: 'reka-flash', messages: hello }),
      OpenAI.AuthenticationError);
    await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
  });

  it('an unknown model is a NotFoundError', async () => {
    await assert.rejects(client.chat.completions.create({ model: 'nobody/knows', messages: hello }),
      (error) => error instanceof OpenAI.NotFoundError && error.code === 'model_not_found' && error.param === 'model');
  });

  it('a bad parameter is a BadRequestError that names it', async () => {
    await assert.rejects(client.chat.completions.create({ model: 'reka-flash', messages: hello, temperature: 'hot' }),
      (error) => error instanceof OpenAI.BadRequestError && error.param === 'temperature');
  });

  it('an upstream without capacity is a RateLimitError', async () => {
    await assert.rejects(client.chat.completions.create({ model: 'mock/429', messages: hello }),
      OpenAI.RateLimitError);
  });

  it('an upstream that fails mid-stream raises, after what was delivered', async () => {
    const stream = await client.chat.completions.create({ model: 'mock/error-mid-stream,slow-20ms', messages: hello, stream: true });
    let seen = '';
    await assert.rejects(async () => {
      for await (const chunk of stream) seen += chunk.choices[0]?.delta?.content ?? '';
    }, OpenAI.APIError);
    assert.ok(seen.length > 0);
  });
});

describe('abort', () => {
  it('closes the upstream when the client leaves', async () => {
    const stream = await client.chat.completions.create({ model: 'mock/slow-20ms,words-500', messages: hello, stream: true });
    for await (const chunk of stream) {
      assert.ok(chunk);
      break; // aborts the request
    }
    const deadline = Date.now() + 5000;
    let aborted = false;
    while (!aborted && Date.now() < deadline) {
      const log = await (await fetch(`${gateway.upstream}/_log`)).text();
      aborted = log.split('\n').some((line) => line.includes('mock/slow-20ms') && line.includes('"ended":"client_left"'));
    }
    assert.ok(aborted);
  });
});
