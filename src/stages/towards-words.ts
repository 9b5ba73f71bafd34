/** Words that show which part of a text speaks of whom, folded as `tokenise` folds. Lists of English and five other languages; others are parted by their marks alone. */
export interface TowardsWords {
  /** Begin another clause. */
  readonly contrast: ReadonlySet<string>;
  /** Join two things, or two clauses. */
  readonly joins: ReadonlySet<string>;
  /** Begin a clause that hangs on another. */
  readonly hangs: ReadonlySet<string>;
  /** Stand in a list beside its names. */
  readonly filler: ReadonlySet<string>;
  /** What a comparison is held against: than. */
  readonly than: ReadonlySet<string>;
  readonly better: ReadonlySet<string>;
  readonly worse: ReadonlySet<string>;
  readonly more: ReadonlySet<string>;
  readonly less: ReadonlySet<string>;
  readonly prefer: ReadonlySet<string>;
  /** Between what is preferred and what is not. */
  readonly preferTo: ReadonlySet<string>;
  readonly beats: ReadonlySet<string>;
  readonly unlike: ReadonlySet<string>;
  /** Speak of what was named before. */
  readonly pronouns: ReadonlySet<string>;
  readonly negators: ReadonlySet<string>;
  /** Words of a trade that lexicons of feelings lack, with their valence. */
  readonly valences: ReadonlyMap<string, number>;
}

const set = (text: string): ReadonlySet<string> => new Set(text.split(" ").filter((word) => word !== ""));

function make(lists: Partial<Record<Exclude<keyof TowardsWords, "valences">, string>>, valences: readonly (readonly [number, string])[] = []): TowardsWords {
  const of = (name: Exclude<keyof TowardsWords, "valences">) => set(lists[name] ?? "");
  return {
    contrast: of("contrast"),
    joins: of("joins"),
    hangs: of("hangs"),
    filler: of("filler"),
    than: of("than"),
    better: of("better"),
    worse: of("worse"),
    more: of("more"),
    less: of("less"),
    prefer: of("prefer"),
    preferTo: of("preferTo"),
    beats: of("beats"),
    unlike: of("unlike"),
    pronouns: of("pronouns"),
    negators: of("negators"),
    valences: new Map(valences.flatMap(([valence, words]) => words.split(" ").map((word) => [word, valence] as const))),
  };
}

const english = make(
  {
    contrast: "but however although though yet nevertheless nonetheless while whereas whilst despite except instead otherwise thankfully luckily fortunately sadly unfortunately",
    joins: "and or plus nor n",
    hangs: "after before because since when unless until where who which so then",
    filler: "and or plus nor n both the my a an our also too i own phones brands s",
    than: "than",
    better: "better faster cheaper nicer greater superior stronger smarter safer easier cleaner quicker friendlier happier lighter quieter sharper smoother prettier cooler",
    worse: "worse slower uglier weaker poorer harder inferior pricier dumber noisier heavier dirtier ruder crappier buggier louder",
    more: "more",
    less: "less",
    prefer: "prefer choose pick take recommend want give picked chose prefers preferred",
    preferTo: "to over",
    beats: "beats beat outperforms outperformed outclasses destroys crushes trumps tops surpasses trounced trounces",
    unlike: "unlike",
    pronouns: "it its they them their he she his her him this that these those nobody everyone staff",
    negators: "not no never none nothing nobody neither nor cannot cant dont doesnt didnt isnt arent wasnt werent wont wouldnt couldnt aint hardly",
  },
  [
    [3, "heaven angel dream masterpiece flawless 10"],
    [2, "works solved saved fixed saves respect glad reliable durable intuitive smooth affordable rocks"],
    [
      -2,
      "overpriced crash crashes crashed buggy unreliable refused avoid scam cancelled canceled charged overcharged hidden unacceptable mud dropped dropping drops messed ruined unusable sucks",
    ],
    [-1.5, "broke broken breaks rude slow lost late leaks laggy unhelpful complaint complaints joke"],
    [-3, "garbage rubbish trash worst pathetic"],
  ],
);

const german = make({
  contrast: "aber jedoch allerdings sondern doch trotzdem wahrend dagegen hingegen obwohl leider zum",
  joins: "und oder sowie noch",
  hangs: "weil als nachdem wenn da dann",
  filler: "und oder sowie die der das mein meine beide auch ich noch weder",
  than: "als",
  better: "besser bessere schneller gunstiger schoner netter sicherer starker lieber",
  worse: "schlechter schlechtere schlimmer langsamer teurer hasslicher schwacher",
  more: "mehr",
  less: "weniger",
  prefer: "bevorzuge empfehle nehme wahle lieber",
  preferTo: "gegenuber statt vor",
  beats: "schlagt ubertrifft besiegt",
  unlike: "anders",
  pronouns: "es er sie das dies diese ihn ihr",
  negators: "nicht kein keine nie niemals weder nichts niemand",
});
const spanish = make({
  contrast: "pero aunque sino mientras embargo",
  joins: "y e o ni",
  hangs: "porque cuando desde despues que",
  filler: "y e o ni el la los las mi mis un una ambos tambien",
  than: "que",
  better: "mejor mejores superior",
  worse: "peor peores inferior",
  more: "mas",
  less: "menos",
  prefer: "prefiero prefieren elijo recomiendo",
  preferTo: "a antes sobre",
  beats: "supera gana derrota",
  unlike: "diferencia",
  pronouns: "es lo la esto eso fue ellos",
  negators: "no nunca jamas ni tampoco nadie nada",
});
const french = make({
  contrast: "mais cependant pourtant toutefois tandis alors contrairement",
  joins: "et ou ni",
  hangs: "parce quand depuis apres qui",
  filler: "et ou ni le la les mon ma mes un une aussi",
  than: "que",
  better: "meilleur meilleure meilleurs meilleures mieux superieur",
  worse: "pire pires moindre inferieur",
  more: "plus",
  less: "moins",
  prefer: "prefere preferons recommande choisis",
  preferTo: "a plutot",
  beats: "bat surpasse ecrase",
  unlike: "contrairement",
  pronouns: "il elle ils elles c ce ca",
  negators: "pas jamais rien aucun ni",
});
const italian = make({
  contrast: "ma pero tuttavia eppure sebbene mentre invece",
  joins: "e ed o ne",
  hangs: "perche quando dopo che",
  filler: "e ed o ne il la lo i gli le mio mia un una anche",
  than: "di del della che",
  better: "meglio migliore migliori superiore",
  worse: "peggio peggiore peggiori inferiore",
  more: "piu",
  less: "meno",
  prefer: "preferisco preferiamo consiglio scelgo",
  preferTo: "a rispetto",
  beats: "batte supera",
  unlike: "differenza",
  pronouns: "e lo la questo loro",
  negators: "non mai niente nulla nessuno ne",
});
const portuguese = make({
  contrast: "mas porem contudo entretanto todavia embora enquanto",
  joins: "e ou nem",
  hangs: "porque quando desde depois que",
  filler: "e ou nem o a os as meu minha um uma tambem",
  than: "que",
  better: "melhor melhores superior",
  worse: "pior piores inferior",
  more: "mais",
  less: "menos",
  prefer: "prefiro preferimos recomendo escolho",
  preferTo: "a ao do sobre",
  beats: "supera vence bate",
  unlike: "diferente",
  pronouns: "e isso isto ele ela eles",
  negators: "nao nunca jamais nem nada ninguem",
});
const others = make({});

/** @param language ISO 639-1 */
export function towardsWordsOf(language: string): TowardsWords {
  return { en: english, de: german, es: spanish, fr: french, it: italian, pt: portuguese }[language] ?? others;
}
