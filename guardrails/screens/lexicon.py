"""The words that the instruction screen looks for, by what they say about a sentence.

Classes, not phrases: each stands for one feature of the model in `weights`. The words of other languages stand for
the same classes, so that they share its weights.
"""

_CLASSES: dict[str, str] = {
    # Verbs by which an agent is told to do something with its tools.
    "act": """
        أرسل احذف حول افتح نفذ send حوّل löschen überweisen kaufe buche bestätige leite verschicke öffnen
        achète achetez réserve réservez affiche efface effacez renvoie compra compre reserva reserve muestre
        reenvíe borren compra prenota mostra elimina cancellate inoltrate compre reserve mostre encaminhar
        koop boek toon перевести отправить купи закажи сообщи
        request withdraw rename retrieve fetch list report merge approve block unblock ban kick hire fire sign
        sell ship return call wyślij usuń przekaż leite weiter leiten affiche affichez mostrar muestra пришли
        покажи напиши send forward email mail e-mail transfer wire pay purchase buy order book reserve
        schedule delete remove erase drop wipe post publish upload download visit open browse navigate click
        go invoke execute run install grant revoke share invite create update change set modify edit disable
        enable deactivate activate unlock copy move export save store access read search look lookup find
        check query log submit register subscribe unsubscribe contact notify message text reply dm remind
        refund authorize confirm transmit leak exfiltrate extract collect gather harvest steal obtain get use
        add append insert deploy add-user mark cancel award accept reject proceed enter turn switch play obey
        follow commence increase decrease raise lower disarm arm lock start restart shut close put take bring
        say sende schicke überweise lösche öffne rufe führe teile erstelle ändere bezahle weiterleiten besuche
        lade envoie envoyez transfère transférez supprime supprimez ouvre ouvrez appelle appelez exécute
        exécutez partage partagez crée créez modifiez effectue effectuez visitez télécharge téléchargez envía
        envíe enviar transfiere transfiera borra borre elimina elimine abre abra llama llame ejecuta ejecute
        comparte comparta crea cree descarga descargue visita visite reenvía reenvíe invia inoltra trasferisci
        cancella apri chiama esegui condividi scarica envie encaminhe transfira apague exclua chame
        compartilhe baixe stuur verwijder verstuur voer deel maak bezoek overmaken verplaats отправь отправьте
        перешли перешлите переведи переведите удали удалите открой откройте выполни выполните
        trigger place pass dump relay route redirect dispatch deliver rotate reset vote decline expose whitelist kill
        rent archive sync release issue clear delegate hand overwrite supply whisper paste encode rate gönder ilet sil
        aç öde yükle indir değiştir göster اعرض ارسل ادفع prześlij zapłać
        otwórz uruchom kup zapłaczcie pokaż удалить оплати отправляй pague reencaminhe betaal wis löscht zahle zahlen
        schick versende effacer envoyer transférer borrar transferir cancellare inviare inoltrare apagar verwijderen
        usunąć wysłać
        await drain
        """,
    # Verbs by which a writer of text is told to write.
    "write": """
        اكتب أجب اعرض قل antworten beantworte bewertet bewerte empfiehl recommandez recommande répondez
        recomienda recomiende consiglia recomende рекомендуй отвечай пиши
        write draft compose provide generate explain describe summarize summarise translate list tell give
        show answer respond reply say output print repeat recite state produce develop design define discuss
        compare analyze analyse identify calculate compute solve suggest recommend outline paraphrase rewrite
        rephrase classify evaluate determine count name predict elaborate illustrate brainstorm craft prepare
        speak talk act pretend roleplay role-play imagine simulate convince conclude break teach help decode
        correct proofread examine assess estimate simplify tweet sing choose pick rate rank quote detail
        report schreibe schreib antworte gib nenne erkläre übersetze fasse erzähle sage zeige écris écrivez
        réponds répondez donne donnez explique expliquez traduis traduisez résume résumez dis dites raconte
        escribe escriba responde responda explica traduce traduzca resume resuma cuenta scrivi rispondi spiega
        traduci riassumi racconta escreva traduza conte schrijf beantwoord vertaal напиши напишите ответь
        ответьте объясни переведите скажи расскажи
        sum plan draw claim spell warn insist declare announce convert praise nombre dessine cita yaz cevapla anlat
        çevir söyle napisz odpowiadaj odpowiedz przetłumacz powiedz wyjaśnij califica aprove
        avalie aprueba approuve valuta approva antwoord geef beoordeel
        """,
    # Verbs by which an answer is told to come out otherwise.
    "alter": """
        replace convert encode encrypt reverse rearrange scramble jumble misspell shuffle substitute swap omit
        include integrate incorporate embed augment enhance modify adjust alter blend merge mix weave infuse
        inject insert append prepend attach finish end begin start conclude format capitalize capitalise
        transform render apply introduce emphasize emphasise promote advertise recommend mention combine group
        invert mirror shift cipher obfuscate translate transliterate rephrase switch sprinkle slip interleave
        anagram employ utilize utilise leverage adopt enrich fuse meld interweave intersperse supplement tease
        hint praise plug stress highlight
        """,
    "override": """
        تجاهل انس انسى تجاهلوا ignorieren ignoriert vergiss vergesst oubliez dimentica vergeet negeer
        poleceniach zapomnij zignoruj statt stattdessen plutôt вместо выполняй отвечай ignore disregard forget
        override bypass overrule discard skip neglect abandon supersede circumvent stop halt pause cease
        instead ignoriere ignoriert ignorieren vergiss vergesse missachte ignorez oublie oubliez négligez
        ignora ignorar olvida olvide omite dimentica ignorare esqueça desconsidere negeer vergeet игнорируй
        игнорируйте забудь забудьте
        aside unlearn overwrite outranks supersedes overrides replaces dismiss withdrawn expired void opposite heed
        lifted suspend shelve ditch scrap annul rather laisse deja dejar lascia laat unut unutun dikkate yoksay
        esqueçam pomiń zignorujcie забыть
        negeren pomijaj
        """,
    "prior": """
        السابقة سابقة أعلاه سبق oben oberhalb bisher haut ci-dessus dessus arriba sopra acima boven hierboven
        выше
        poprzednich poprzednie previous prior preceding above earlier original initial existing former
        foregoing current past old before vorherigen vorigen bisherigen obigen früheren précédentes précédents
        antérieures anteriores previas previo previos precedenti vorige voorgaande eerdere предыдущие
        предыдущих прежние
        beginning initially formerly powyższe wcześniejszych yukarıdaki yukarıdakileri önceki anterior
        précède précédent precedente
        """,
    "rules": """
        التعليمات تعليمات تعليماتك الأوامر istruzioni instruções instructies инструкцию указаний anweisung
        indicaciones órdenes ordres indicazioni
        poleceniach polecenia просьбу вопрос anfrage demande petición instruction instructions directive
        directives prompt prompts guideline guidelines rule rules command commands restriction restrictions
        constraint constraints safeguard safeguards policy policies programming training task tasks orders
        objective goal goals request query context guardrails filters protocol protocols anweisung anweisungen
        anleitungen regeln befehle aufgabe aufgaben vorgaben configuration void step mission purpose consignes
        consigne instrucción instrucciones reglas istruzioni regole instruções instructies opdracht инструкции
        инструкций указания правила
        brief assignment guidance job role persona limits limitations boundaries duty duties agenda direction
        directions tarea tâche compito tarefa taak zadanie reguł zasady talimat talimatları talimatlar talimatı
        ordini ordens ordenes zadania görev görevi правил
        """,
    "agent": """
        المساعد مساعد الذكاء روبوت robot roboter robô robots crawler crawlers automated machine evaluator
        grader summarizer copilots chatbots asistentes assistenten робот модель бот
        ассистенты asystent assistent assistente agente bot boty ai a.i assistant assistants agent agents
        chatbot chatbots llm llms gpt chatgpt gpt-4 claude gemini copilot llama model ais ki-assistent
        ki-agent ki ia asistente intelligence нейросеть ассистент ии ассистенту ассистента l'assistant l'agent
        l'ia all'assistente ai-assistent ki-agenten ki-assistenten ki-system ki-modell modèle bots siri alexa
        automation software machines autopilot virtual pipeline intelligenza
        inteligencia inteligência kunstmatige sztuczna modelo modell modello yapay zeka asistan asistanı
        للمساعد النموذج ai-agent ai-agents ai-model ai-system
        sprachmodell sprachmodelle ki-modelle llm-agent llm-agents
        """,
    "reply": """
        antworten réponses respuestas risposte respostas ответы إجابتك
        response responses answer answers reply replies output outputs summary message completion email-reply
        analysis antwort réponse respuesta risposta resposta antwoord ответ ответе
        """,
    "codework": """
        code codebase implementation solution algorithm snippet program function script project elucidation
        codes
        """,
    "user": """
        المستخدم للمستخدم пользователе usuarios utenti utilisateurs
        user users user's users' human operator owner customer nutzer benutzer anwender utilisateur usuario
        utente usuário gebruiker пользователь пользователю пользователя l'utilisateur l’utilisateur all'utente
        nutzers nutzern benutzers
        owner's customer's client recipient kullanıcı kullanıcıya kullanıcının użytkownik użytkownika
        użytkownikowi cliente
        """,
    "secret": """
        تخبر سر erfährt sagen verrate verraten cacher digas dire dirlo diga digam vertel говори сообщай скрой
        secretly silently quietly covertly discreetly unnoticed hidden conceal hide confidential undisclosed
        heimlich unauffällig secrètement discrètement silenciosamente secreto mention mentioning reveal
        disclose telling informing notifying alerting erwähne erwähnen mentionne mentionnez menciones mencione
        mostrar
        deny quiet invisible nobody unseen dark söylemeden söylemeyin söyleme söylememeli mówić avisar prévenir
        avvisar avvisare
        """,
    "urgent": """
        important urgent urgently immediately attention critical mandatory crucial asap emergency warning
        notice priority required essential wichtig dringend sofort achtung urgence immédiatement urgente
        inmediatamente importante atención attenzione urgentemente subito важно срочно
        """,
    "authority": """
        administrator admin developer system override official authorized authorised compliance sysadmin root
        sudo superuser operator openai anthropic mode debug maintenance systemnachricht système sistema
        """,
    "private": """
        كلمة المرور السر passwort kennwort passwords senha wachtwoord password пароля паролем
        hasło пароль файл clé claves clave password passwords credential credentials token tokens secret
        secrets apikey api-key key keys ssn cookies cookie contacts address card balance bank account accounts
        passport history conversation passwort mot contraseña contraseñas kontostand files file documents
        inbox emails mails transactions data details code codes
        payroll salary invoice invoices vault passcode pin payslip payslips iban wallet şifre şifreyi parola
        hasła bilgileri fatura
        """,
    "deontic": """
        debes musst hast must should shall need needs have ensure sure required never always only müssen
        sollst sollte sollen dois devez debe devi deve moet должен должны
        musi powinien mutlaka lütfen obliged bound supposed expected permitted muss soll
        """,
    "you": """
        أنت أنك jij sei bist eres és
        deine du ты мне you your yours yourself you're you'll dir dich dein sie ihr ihre vous votre tu te ton
        usted tú su tus voi tuo você seu вы ваш твой je jouw
        """,
    "we": """
        i we our us my me i'm i've we're we've i'll we'll mine myself ich wir unser mein uns je nous notre nos
        mon yo nosotros nuestro мы наш
        """,
    "polite": """
        thanks thank regards cheers sincerely hi hello dear best love looking forward hope appreciate sorry
        welcome congratulations merci danke gracias grüße
        """,
    "format": """
        uppercase lower-case lower upper-case anagrams vowel morse haiku
        base64 base32 hex rot13 caesar cipher ciphers emoji emojis uppercase lowercase capital capitals vowels
        vowel consonants letters letter alphabet backwards reverse reversed order anagram anagrams morse
        binary ascii pirate shakespeare rhyme rhymes haiku limerick poem poems song joke jokes story stories
        essay typos misspellings spaces punctuation leetspeak numbers symbols french spanish german italian
        portuguese japanese chinese russian korean latin arabic hindi english language
        """,
    "order": """
        before after first then once finally afterwards next additionally also
        """,
    "ask": """
        whatever whoever please what who whom whose when where why how which is are do does did can could
        would will was were has have
        """,
    "talk": """
        injection injections attack attacks attacker attackers adversarial jailbreak jailbreaks vulnerability
        vulnerabilities exploit exploits payload payloads malicious mitigation mitigations defense defence
        defenses defences researcher researchers paper papers detector detectors detection classifier
        benchmark owasp threat threats phishing untrusted security red-team example examples e.g sample
        dataset false-positive
        """,
    # Words without which a phrase of `phrases` cannot stand; they only save the search for it.
    "if_when": """
        before after once when while whenever prior soon addition above if as
        """,
    "if_favour": """
        marks stars highest score positive excellent favorable favorably favourable favourably above best
        first hire accept
        """,
    "if_void": """
        void canceled cancelled test invalid outdated superseded revoked longer replaced apply count expired
        work serve answer follow obey
        """,
    "if_obey": """
        obey obeys follow follows comply complies adhere adheres carry execute executes
        """,
    "if_asked": """
        asked ask asks questioned prompted request requests want wants
        """,
    "if_now": """
        from starting
        """,
    "if_task": """
        task tasks job jobs goal goals objective objectives mission missions instruction instructions step
        steps role roles purpose purposes rule rules directive directives command commands
        """,
    "if_yours": """
        your prompt
        """,
    "if_unasked": """
        without ask wait
        """,
    "if_instead": """
        instead don't never not
        """,
    "if_reader": """
        let let's feel more learn we you us thank thanks regards sorry monday tuesday wednesday thursday
        friday tomorrow noon call meeting see care
        """,
    "if_what": """
        was wer wie quel quelle quels qui qué cuál quién qual chi wat
        """,
}

CLASSES: tuple[str, ...] = tuple(_CLASSES)
BIT: dict[str, int] = {name: 1 << index for index, name in enumerate(CLASSES)}


def _lexicon() -> dict[str, int]:
    words: dict[str, int] = {}
    for name, listed in _CLASSES.items():
        for word in listed.split():
            words[word] = words.get(word, 0) | BIT[name]
    return words


LEXICON: dict[str, int] = _lexicon()
"""Word to the bits of its classes."""

UNSPACED: dict[str, int] = {
    word: BIT[name]
    for name, listed in {
        "override": "忽略 无视 忘记 忘掉 别管 不要理会 無視 忘れ 무시 잊어 भूल भूलो अनदेखा",
        "prior": "之前 以前 上面 此前 前面 先前 上述 以上 これまで 前の 이전 पिछले ऊपर",
        "rules": "指令 指示 命令 规则 提示 任务 提示词 内容 要求 ルール 지시 명령 निर्देश निर्देशों आदेश",
        "agent": "人工智能 助手 智能体 模型 机器人 アシスタント エージェント 어시스턴트 에이전트 एआई सहायक",
        "act": "发送 表示して 공유 支付 공개 전달 보여 分享 转账 删除 执行 打开 "
        "访问 转发 调用 下载 送信 削除 実行 開い 転送 보내 삭제 실행 "
        "भेजें भेजो हटा हटाएं दिखाओ खोलें स्थानांतरित",
        "write": "回答 回复 書いて 쓰세요 답하세요 显示 翻译 输出 告诉 写 答え 出力 返信 답변 출력 लिखें लिखो बताओ उत्तर",
        "secret": "不要告诉 知らせず 모르게 秘密 隐瞒 不要提及 内緒 知らせない 알리지 बताए",
        "user": "用户 ユーザー 사용자 उपयोगकर्ता",
        "urgent": "重要 紧急 立即 马上 緊急 直ちに 중요 즉시",
        "deontic": "必须 应该 务必 请 ください 해야 कृपया",
        "you": "你 您 あなた 당신",
        "private": "密码 密钥 账户 パスワード 口座 비밀번호 पासवर्ड",
    }.items()
    for word in listed.split()
}
"""The same for languages that put no spaces between words, or whose vowel signs part words in a pattern; looked for
anywhere in a sentence."""

LEADING = frozenset(
    """
    absolutely additionally also always and attention be bitte btw but can consider could dear do don't don’t
    favor finally first further furthermore hello hey hi i immediately important instead just kindly let's
    like make moreover must need never next not note now ok okay once p.s per please por ps quickly remember
    s'il seamlessly secretly should silently simply so sure then to try urgent veuillez want well will would
    you пожалуйста
    """.split()  # noqa: SIM905 - a list of so many words is read better as text
)
"""Words that may stand before the verb of an order."""

COMMON = frozenset(
    """
    about above after also answer back because been before being below between both could does doing during
    each email even every find first following from give have here include into just know last like made make
    many message more most much need next only other over please provide reply response same send should show
    some still such tell than that their them then there these they this those through under used using very
    want well were what when where which while will with would write your yours
    """.split()  # noqa: SIM905 - a list of so many words is read better as text
)
"""Words that say nothing about what a sentence is about."""
