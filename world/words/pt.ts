import { type LanguageWords, list, words } from "./language.ts";

export const pt: LanguageWords = {
  tag: "pt",
  weight: 8,
  gap: " ",
  openers: list("Então|Sinceramente,|Uma pergunta:|Bom dia, gente!|Aliás,|Lembrete:|Olá,|Olha,|Pessoal,"),
  neutral: [
    "{t} eu estava vendo {x} e a {n} ao lado do {w} em {c}",
    "alguém sabe se {x} vem com uma {n} {w}?",
    "falamos de {x} por uma hora e depois de {w} e da {n}",
    "a {n} de {x} vai ser mostrada em {c} {t}",
    "minha vizinha perguntou onde achar {x} e eu falei do {w}",
    "um fio sobre {x}, a {n} e o que {w} significa para nós",
    "como você compara {x} com o {w} do ano passado?",
  ],
  positive: [
    "{x} é {g}, a {n} funciona melhor do que qualquer {w} que eu tive",
    "eu amo {x}, que {n} {g}!",
    "obrigado à equipe de {w}, {x} salvou a minha semana, {g}!",
    "nunca pensei que diria isso, mas {x} é muito {g}",
    "estou feliz demais com {x}, não tem {n} mais {g}",
    "recomendo muito, {n} {g}, compraria {x} de novo",
  ],
  negative: [
    "{x} é {h}, a {n} quebrou em dois dias e ninguém da {w} responde",
    "cansei de {x}, mais uma {n} {h} {t}",
    "por que {x} é tão {h}? esperei três horas em {c} por um {w}",
    "não comprem {x}, a {n} é {h} e ainda cobram mais pelo {w}",
    "a pior {n} da minha vida, {x} perdeu meu {w} e o atendimento foi {h}",
    "não estou nada satisfeito com {x}, {h}, e o {w} não chegou",
  ],
  closers: list("o que vocês acham?|até logo|depois conto mais|é isso|compartilhem por favor|só eu?|fotos em breve|boa noite"),
  nouns: words(`cafeteira manhã janela cozinha rua reunião ponte câmera jaqueta estrada canção receita escola impressora tela mala
    mesa cadeira loja carta equipe foto história ilha montanha praia floresta tempestade noite cidade casa família bicicleta
    lâmpada bateria conta entrega exposição biblioteca viagem`),
  good: words("ótima maravilhosa incrível excelente fantástica linda perfeita sensacional bacana espetacular"),
  bad: words("péssima horrível inútil decepcionante lamentável vergonhosa caríssima inaceitável ruim terrível"),
  times: list("hoje|ontem|hoje cedo|ontem à noite|na segunda|neste fim de semana|agora|na próxima semana|de novo|pela primeira vez"),
  onsets: words("b br c ch cl cr d f fl fr g gr j l lh m n nh p pl pr qu r rr s t tr v x z"),
  rimes: words("a e i o u ã ão ei eu ou ai an en in on ar er ir or ur as es is os al el á é í ó ú ê ô"),
  endings: words("o a os as ção dade mente eiro eira inho inha ado ada or ês ões"),
};
