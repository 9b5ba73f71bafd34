import { type LanguageWords, list, words } from "./language.ts";

export const fr: LanguageWords = {
  tag: "fr",
  weight: 8,
  gap: " ",
  openers: list("Alors|Franchement,|Petite question :|Bonjour à tous !|Au fait,|Rappel :|Salut,|Bon,|Les amis,"),
  neutral: [
    "{t} je regardais {x} et la {n} à côté du {w} à {c}",
    "est-ce que quelqu'un sait si {x} est livré avec une {n} {w} ?",
    "nous avons parlé de {x} pendant une heure, puis de {w} et de la {n}",
    "la {n} de {x} sera présentée à {c} {t}",
    "ma voisine m'a demandé où trouver {x} et je lui ai parlé de {w}",
    "voici un fil sur {x}, la {n} et ce que {w} signifie pour nous",
    "comment comparer {x} avec le {w} de l'année dernière ?",
  ],
  positive: [
    "{x}, c'est {g}, la {n} marche mieux que tous les {w} que j'ai eus",
    "j'adore {x}, quelle {n} {g} !",
    "merci à l'équipe de {w}, {x} a illuminé ma semaine, {g} !",
    "je n'aurais jamais cru dire ça mais {x} est vraiment {g}",
    "très heureux avec {x} depuis {t}, une {n} {g}",
    "je recommande, {n} {g}, je rachèterais {x} sans hésiter",
  ],
  negative: [
    "{x}, c'est {h}, la {n} est tombée en panne après deux jours et personne chez {w} ne répond",
    "j'en ai marre de {x}, encore une {n} {h} {t}",
    "pourquoi {x} est si {h} ? j'ai attendu trois heures à {c} pour un {w}",
    "n'achetez pas {x}, la {n} est {h} et il faut encore payer pour {w}",
    "la pire {n} de ma vie, {x} a perdu mon {w} et le service était {h}",
    "pas du tout content de {x}, {h}, et le {w} n'est jamais arrivé",
  ],
  closers: list("vous en pensez quoi ?|à plus tard|la suite demain|voilà|merci de partager|je suis le seul ?|photos bientôt|bonne soirée"),
  nouns: words(`cafetière gare batterie cuisine fenêtre rue réunion rivière carte lampe route chanson recette école télévision valise
    table chaise boutique lettre équipe photo histoire île montagne plage forêt tempête soirée ville maison famille bibliothèque
    voiture musique semaine facture livraison réponse exposition`),
  good: words("géniale magnifique formidable excellente fantastique superbe parfaite merveilleuse adorable incroyable"),
  bad: words("horrible affreuse nulle inutile décevante lamentable honteuse inadmissible catastrophique pénible"),
  times: list("aujourd'hui|hier|ce matin|hier soir|lundi|ce week-end|en ce moment|la semaine prochaine|encore une fois|pour la première fois"),
  onsets: words("b bl br c ch cl cr d dr f fl fr g gl gr j l m n p pl pr qu r s t tr v"),
  rimes: words("a e i o u é è ai au eau eu oi ou an en in on un al el il or er ar ir ur as is os ail eil ouil"),
  endings: words("e es tion ment eur euse age ette ier ière oir ais ent eux ot"),
};
