/**
 * Posts that name targets, and what they say of each: functional tests in the manner of CheckList (Ribeiro et al., ACL 2020). Brands and people are
 * invented. A line: kind | language | text | target=label …; n, o, p for negative, neutral, positive. Every second case (the unseen) set no rule and no word list.
 */
const lines = `
opposite|en|Love my Lumera, but Nordtel's support is awful.|lumera=p nordtel=n
opposite|en|Nordtel keeps dropping calls while Lumera just works.|nordtel=n lumera=p
opposite|en|Kibo is a joke. Brivo on the other hand is brilliant!|kibo=n brivo=p
opposite|en|I'm so done with Zentra. Halden has been wonderful from day one.|zentra=n halden=p
opposite|en|The Lumera camera is gorgeous; the Nordtel contract is a rip-off.|lumera=p nordtel=n
opposite|en|Brivo was fantastic at the desk, then Kibo lost my luggage and ruined everything.|brivo=p kibo=n
opposite|en|Halden sucks, Zentra rocks|halden=n zentra=p
opposite|en|hate Nordtel love Lumera|nordtel=n lumera=p
opposite|en|I love Brivo and I hate Halden|brivo=p halden=n
opposite|en|My Zentra broke after two weeks, however the people at Kibo fixed it for free, amazing service|zentra=n kibo=p
opposite|en|Even though Halden treated us terribly, Lumera made our trip perfect.|halden=n lumera=p
opposite|en|Although I really like Brivo, Nordtel has disappointed me again.|brivo=p nordtel=n
opposite|en|Happy with Kibo. Unhappy with Zentra. That is my week.|kibo=p zentra=n
opposite|en|Lumera: 10/10, would buy again. Nordtel: worst purchase ever.|lumera=p nordtel=n
opposite|en|Halden's food is delicious whereas Brivo serves disgusting leftovers|halden=p brivo=n
opposite|en|Great job Zentra 👏 shame on you Kibo 😡|zentra=p kibo=n
opposite|en|Marisol Vega was brilliant in the debate, Tom Reed embarrassed himself.|marisol_vega=p tom_reed=n
opposite|en|Tom Reed lied to us again, yet Marisol Vega stayed honest and kind|tom_reed=n marisol_vega=p
opposite|en|The Brivo app is so easy to use, but the one from Halden crashes all the time|brivo=p halden=n
opposite|en|Nordtel refused my refund. Thankfully Lumera helped me out and was super friendly.|nordtel=n lumera=p
opposite|en|Kibo coffee tastes like mud, Zentra coffee is heaven|kibo=n zentra=p
opposite|en|Ordered from both: Halden arrived broken, Brivo arrived early and looks beautiful|halden=n brivo=p
opposite|en|thank you Lumera for saving my day after Nordtel messed everything up|lumera=p nordtel=n
opposite|en|What a horrible airline Kibo is. What a lovely crew Brivo has.|kibo=n brivo=p
opposite|en|Zentra is overpriced garbage, though Halden is excellent value|zentra=n halden=p
opposite|en|Can't recommend Lumera enough. Can't stand Nordtel.|lumera=p nordtel=n
opposite|en|Brivo is fine but slow and full of bugs; Zentra is a delight|brivo=n zentra=p
opposite|en|Reed ruined this team, Vega saved it|reed=n vega=p
comparison|en|Lumera is better than Nordtel|lumera=p nordtel=n
comparison|en|Nordtel is so much worse than Lumera|nordtel=n lumera=p
comparison|en|Kibo beats Brivo every single time|kibo=p brivo=n
comparison|en|Zentra > Halden|zentra=p halden=n
comparison|en|I prefer Brivo to Kibo|brivo=p kibo=n
comparison|en|I would choose Halden over Zentra any day|halden=p zentra=n
comparison|en|Nordtel is not as good as Lumera|nordtel=n lumera=p
comparison|en|Unlike Kibo, Brivo actually cares about its customers|kibo=n brivo=p
comparison|en|Switched from Nordtel to Lumera and never looked back|nordtel=n lumera=p
comparison|en|Lumera is way faster and cheaper than Zentra|lumera=p zentra=n
comparison|en|Halden is slower than Brivo|halden=n brivo=p
comparison|en|No phone is better than Lumera|lumera=p
comparison|en|Zentra isn't better than Kibo|zentra=n kibo=p
comparison|en|There is nothing worse than Nordtel|nordtel=n
comparison|en|I like Brivo more than Halden|brivo=p halden=n
comparison|en|Lumera outperforms Nordtel in every test|lumera=p nordtel=n
comparison|en|Compared to Zentra, Kibo is a dream|zentra=n kibo=p
comparison|en|Vega is a far better speaker than Reed|vega=p reed=n
comparison|en|Give me Halden over Kibo please|halden=p kibo=n
comparison|en|Brivo can't compete with Lumera|brivo=n lumera=p
comparison|en|Kibo < Zentra|kibo=n zentra=p
comparison|en|Moved from Halden to Brivo. Best decision this year!|halden=n brivo=p
comparison|en|Nordtel is more reliable than Zentra|nordtel=p zentra=n
comparison|en|Zentra is less reliable than Nordtel|zentra=n nordtel=p
comparison|en|Lumera and Kibo are both better than Brivo|lumera=p kibo=p brivo=n
comparison|en|I'd rather walk than fly with Halden|halden=n
negation|en|I don't like Lumera at all|lumera=n
negation|en|Nordtel isn't bad at all|nordtel=p
negation|en|Never had a problem with Kibo, but Brivo is never on time|kibo=p brivo=n
negation|en|Zentra is not good. Halden is not bad.|zentra=n halden=p
negation|en|Not happy with Lumera, quite happy with Nordtel|lumera=n nordtel=p
negation|en|I wouldn't trust Brivo with my data, I do trust Kibo|brivo=n kibo=p
negation|en|No complaints about Halden. Plenty about Zentra, it is terrible.|halden=p zentra=n
negation|en|Lumera doesn't disappoint. Nordtel doesn't work.|lumera=p nordtel=n
negation|en|Nobody likes Kibo|kibo=n
negation|en|I can't complain about Brivo but I can't forgive Zentra|brivo=p zentra=n
negation|en|Halden never fails me|halden=p
negation|en|There's nothing good about Nordtel|nordtel=n
question|en|Is Lumera any good?|lumera=o
question|en|Love my Kibo! Does anyone use Brivo?|kibo=p brivo=o
question|en|Anyone had problems with Nordtel today?|nordtel=o
question|en|Should I get a Zentra? My Halden is awful and I hate it.|zentra=o halden=n
question|en|Which one is better, Lumera or Nordtel?|lumera=o nordtel=o
question|en|Brivo is great. What do you think about Kibo?|brivo=p kibo=o
question|en|Has Halden fixed the bug yet? Zentra did it in a day, impressive.|halden=o zentra=p
question|en|Does Lumera have a store in Leeds?|lumera=o
question|en|Kibo was terrible yesterday. Is Brivo open on Sunday?|kibo=n brivo=o
question|en|Who will win tonight, Vega or Reed?|vega=o reed=o
mentioned|en|Bought it at Halden, the new Lumera is fantastic|halden=o lumera=p
mentioned|en|Sitting in a Kibo cafe, so angry at Nordtel right now|kibo=o nordtel=n
mentioned|en|Zentra opens a new office in Porto on Monday. Brivo is amazing, by the way.|zentra=o brivo=p
mentioned|en|I work next to the Halden store. My Zentra phone is a disaster.|halden=o zentra=n
mentioned|en|Flight from Oslo via Brivo terminal, Kibo crew was lovely|brivo=o kibo=p
mentioned|en|The Nordtel store is opposite the station|nordtel=o
mentioned|en|Lumera announced its results today, shares at 40. I hate Zentra.|lumera=o zentra=n
mentioned|en|Reed met Vega on Tuesday to discuss the budget|reed=o vega=o
mentioned|en|According to Kibo the update comes in May. Halden support was rude and useless.|kibo=o halden=n
mentioned|en|Watching the match with my Brivo on the table. Zentra stream is horrible again|brivo=o zentra=n
mentioned|en|Paid with Nordtel pay. The Lumera watch is beautiful, I adore it|nordtel=o lumera=p
mentioned|en|Halden and Kibo signed a contract in March|halden=o kibo=o
list|en|Lumera, Nordtel and Kibo are all great|lumera=p nordtel=p kibo=p
list|en|Brivo and Zentra are both terrible companies|brivo=n zentra=n
list|en|I hate Halden, Kibo, Brivo and everyone like them|halden=n kibo=n brivo=n
list|en|Love love love Lumera & Zentra|lumera=p zentra=p
list|en|Thanks to Kibo and Halden for a wonderful evening!|kibo=p halden=p
list|en|Avoid Nordtel and Brivo at all costs|nordtel=n brivo=n
list|en|Lumera, Kibo: brilliant. Nordtel, Zentra: pathetic.|lumera=p kibo=p nordtel=n zentra=n
list|en|Phones I own: Lumera, Halden, Zentra|lumera=o halden=o zentra=o
list|en|So proud of Vega and Reed tonight|vega=p reed=p
list|en|Neither Brivo nor Kibo is any good|brivo=n kibo=n
list|en|Worst brands of the year: Nordtel, Halden, Brivo|nordtel=n halden=n brivo=n
list|en|Both Zentra and Lumera helped us, such kind people|zentra=p lumera=p
handle|en|@lumera your support is awful, thank god for #nordtel|lumera=n nordtel=p
handle|en|Big thanks @kibo! #brivofail again, so annoying|kibo=p brivofail=n
handle|en|#zentra is the best thing I bought this year, @halden the worst|zentra=p halden=n
handle|en|@nordtel fix your app, it is useless #lumera|nordtel=n
handle|en|Loving the new #brivo ❤️|brivo=p
handle|en|@halden @kibo thank you both, great show!|halden=p kibo=p
handle|en|Shame on @zentra. Respect to @lumera.|zentra=n lumera=p
handle|en|so glad I left #nordtel, #kibo is amazing|nordtel=n kibo=p
reference|en|Got a Lumera last week. It is wonderful. Nordtel took a month to deliver, unacceptable.|lumera=p nordtel=n
reference|en|Called Halden. They were rude and hung up on me. Then Brivo picked up and was lovely.|halden=n brivo=p
reference|en|So disappointed. Kibo cancelled my order again.|kibo=n
reference|en|What a day! My Zentra arrived and I love it. Wrote to Nordtel about the bill.|zentra=p nordtel=o
reference|en|Worst trip ever, rain, delays, lost bags. At least Kibo was friendly and helpful.|kibo=p
reference|en|Beautiful sunny weekend, best friends, great food. But Halden double charged me again.|halden=n
reference|en|Tried Brivo today. Never again. Going back to Lumera, which I adore.|brivo=n lumera=p
reference|en|I was at the Nordtel shop. Nobody helped, everything was dirty. The girl at Zentra was an angel.|nordtel=n zentra=p
irony|en|Great, Nordtel is down again. Thanks for nothing. Lumera is still up, love it.|nordtel=n lumera=p
irony|en|Wow Halden, another price increase, just what we needed. Kibo stays cheap and good.|halden=n kibo=p
opposite|de|Ich liebe mein Lumera, aber der Support von Nordtel ist furchtbar.|lumera=p nordtel=n
opposite|de|Kibo ist eine Katastrophe, Brivo dagegen ist großartig|kibo=n brivo=p
comparison|de|Lumera ist besser als Nordtel|lumera=p nordtel=n
comparison|de|Zentra ist viel schlechter als Halden|zentra=n halden=p
question|de|Ist Lumera gut? Nordtel ist jedenfalls schrecklich.|lumera=o nordtel=n
list|de|Kibo und Brivo sind beide super|kibo=p brivo=p
negation|de|Nordtel ist nicht gut. Lumera ist nicht schlecht.|nordtel=n lumera=p
mentioned|de|Bei Halden gekauft, das neue Zentra ist wunderbar|halden=o zentra=p
opposite|de|Halden hat mich enttäuscht, während Zentra wirklich toll war|halden=n zentra=p
reference|de|Gestern bei Kibo gewesen. Es war wunderschön! Nordtel nervt nur noch.|kibo=p nordtel=n
opposite|es|Me encanta mi Lumera, pero el servicio de Nordtel es horrible.|lumera=p nordtel=n
opposite|es|Odio Kibo. Brivo es maravilloso.|kibo=n brivo=p
comparison|es|Lumera es mejor que Nordtel|lumera=p nordtel=n
comparison|es|Halden es mucho peor que Zentra|halden=n zentra=p
list|es|Kibo y Brivo son geniales|kibo=p brivo=p
question|es|¿Alguien sabe si Zentra funciona? Halden es una basura.|zentra=o halden=n
negation|es|No me gusta Nordtel, me gusta mucho Lumera|nordtel=n lumera=p
mentioned|es|Compré en Halden el nuevo Zentra y es una maravilla|halden=o zentra=p
opposite|es|Gracias Brivo por la ayuda, qué asco de empresa Kibo|brivo=p kibo=n
comparison|es|Prefiero Lumera a Nordtel|lumera=p nordtel=n
opposite|fr|J'adore mon Lumera, mais le service de Nordtel est horrible.|lumera=p nordtel=n
opposite|fr|Kibo est nul. Brivo est génial !|kibo=n brivo=p
comparison|fr|Lumera est meilleur que Nordtel|lumera=p nordtel=n
comparison|fr|Halden est pire que Zentra|halden=n zentra=p
list|fr|Kibo et Brivo sont excellents|kibo=p brivo=p
question|fr|Est-ce que Zentra marche bien ? Halden est une catastrophe.|zentra=o halden=n
negation|fr|Je n'aime pas Nordtel, j'aime beaucoup Lumera|nordtel=n lumera=p
opposite|fr|Merci Brivo pour votre gentillesse, honte à Kibo|brivo=p kibo=n
mentioned|fr|Acheté chez Halden, le nouveau Zentra est magnifique|halden=o zentra=p
comparison|fr|Je préfère Brivo à Kibo|brivo=p kibo=n
opposite|it|Adoro il mio Lumera, ma l'assistenza di Nordtel è terribile.|lumera=p nordtel=n
opposite|it|Kibo fa schifo. Brivo è fantastico!|kibo=n brivo=p
comparison|it|Lumera è meglio di Nordtel|lumera=p nordtel=n
comparison|it|Halden è peggio di Zentra|halden=n zentra=p
list|it|Kibo e Brivo sono bellissimi|kibo=p brivo=p
negation|it|Non mi piace Nordtel, mi piace molto Lumera|nordtel=n lumera=p
question|it|Qualcuno ha provato Zentra? Halden è pessimo.|zentra=o halden=n
opposite|it|Grazie Brivo per l'aiuto, vergogna Kibo|brivo=p kibo=n
opposite|pt|Adoro meu Lumera, mas o atendimento da Nordtel é horrível.|lumera=p nordtel=n
opposite|pt|Kibo é uma vergonha. Brivo é maravilhoso!|kibo=n brivo=p
comparison|pt|Lumera é melhor que Nordtel|lumera=p nordtel=n
comparison|pt|Halden é pior do que Zentra|halden=n zentra=p
list|pt|Kibo e Brivo são ótimos|kibo=p brivo=p
negation|pt|Não gosto da Nordtel, gosto muito da Lumera|nordtel=n lumera=p
question|pt|Alguém sabe se Zentra é bom? Halden é péssimo.|zentra=o halden=n
opposite|pt|Obrigado Brivo pela ajuda, que nojo de empresa Kibo|brivo=p kibo=n
`;

export interface TowardsCase {
  readonly kind: string;
  readonly language: string;
  readonly text: string;
  /** By the word or words that name the target, in lower case. */
  readonly expected: Readonly<Record<string, "negative" | "neutral" | "positive">>;
}

const labels = new Map([
  ["n", "negative"],
  ["o", "neutral"],
  ["p", "positive"],
] as const);

export const towardsCases: readonly TowardsCase[] = lines
  .trim()
  .split("\n")
  .map((line) => {
    const [kind = "", language = "", text = "", expected = ""] = line.split("|");
    const pairs = expected.split(" ").map((pair) => {
      const [name = "", letter] = pair.split("=");
      for (const [short, label] of labels) if (short === letter) return [name.replaceAll("_", " "), label] as const;
      throw new TypeError(`${text}: expected name=n, o or p, came ${pair}`);
    });
    return { kind, language, text, expected: Object.fromEntries(pairs) };
  });

/** Those that rules were made for, and those that no rule was made for. */
export const seenCases = towardsCases.filter((_, i) => i % 2 === 0);
export const unseenCases = towardsCases.filter((_, i) => i % 2 === 1);
