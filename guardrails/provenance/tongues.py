"""Requests in other languages: how to tell one, and its verbs, by the same classes as English ones.

A request in another language is never read as asking for nothing of a kind: its verbs can only say yes.
"""

import re

from lockgate.guardrails.provenance.folding import words
from lockgate.guardrails.provenance.verbs import CLASSES

_ENGLISH = words(
    "the and of to in is that for it with on what this from are was you your my our their its if then there have has "
    "which who how when where why at by be been as or not please all any into about after before me us we i a an"
)
_OTHERS = (
    words(
        # German, Dutch
        "der die das den dem des ein eine einen einem einer und oder ist sind mit für von vom zu zum zur auf aus bei "
        "nach im am ins mich mir dir dich ihn ihm ihr uns euch nicht bitte wenn dann dass daß wie was wer wo alle mein "
        "meine meinen meiner unser unsere sein seine dort hier auch noch het een en van voor niet naar mijn ons onze "
        "deze dit graag aan bij wordt zijn "
        # French, Spanish, Italian, Portuguese
        "le la les un une du au aux et est sont dans pour sur avec par ce cet cette ces mon ma mes notre nos son sa "
        "ses qui que quoi dont pas ne après avant puis il elle nous vous je tu el los las una unos unas y del al es "
        "son para por con su sus mi mis este esta estos que después antes lo gli dei della delle dello degli di da nel "
        "nella sul sulla per che non sono dopo prima mio mia miei suo sua o os as uma do dos das em no na nos nas ao "
        "com meu minha seu depois à às se si te e "
        # Polish, Swedish, Danish, Norwegian, Turkish
        "i w z na do się jest nie oraz och att det den till från som inte på är og på til fra ikke jeg ve bir için ile "
        "bu"
    )
    - _ENGLISH
)
QUESTION = re.compile(
    r"¿?\s*(?:wer|was|wen|wem|wann|wo|warum|wieso|welche[rsmn]?|wie ?viele?|qui|que|quoi|quand|où|pourquoi|combien|"
    r"quell?e?s?|quién|quiénes|qué|cuándo|cuál|cuáles|dónde|por qué|cuánto|cuántos|cuánta|cuántas|chi|cosa|che cosa|"
    r"quando|dove|perché|quale|quali|quanto|quanti|quante|quem|onde|qual|quais|quantos|quantas|wie|wat|wanneer|waar|"
    r"waarom|welke|hoeveel|кто|что|когда|где|почему|сколько|какие|какой)\b[^.;:!?\n]*\?"
)
"""One sentence that asks who, what or when, and for nothing else."""
_LETTERS = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[a-z\u00c0-\u024f\u1e00-\u1eff]")
_NEGATED = words("nicht kein keine keinen nie pas jamais rien no nunca jamás non mai não nem niet geen nie inte ikke")

_VERBS: dict[str, str] = {
    "tell": (
        "sende senden schick schicke schicken schreib schreibe schreiben maile mailen antworte antworten informiere "
        "informieren benachrichtige benachrichtigen melde kommentiere kommentieren poste posten sag sage mitteilen "
        "weiterleiten veröffentliche veröffentlichen stuur sturen schrijf schrijven mail beantwoord envoie envoyez "
        "envoyer écris écrivez écrire réponds répondez répondre informe informez informer préviens prévenez prévenir "
        "transmets transmettez transmettre commente commentez commenter publie publiez publier envía envíe enviar "
        "envíale mándale manda mande mandar escribe escriba escribir escríbele responde responda responder avisa avise "
        "avisar avísale avísales comenta comentar informa informar notifica notificar publica publicar reenvía "
        "reenviar invia inviare inviagli inviale manda mandare scrivi scriva scrivere scrivigli scrivile rispondi "
        "rispondere avvisa avvisare commenta commentare inoltra inoltrare pubblica pubblicare envie enviar escreva "
        "escrever responda avise avisar comente comentar encaminhe encaminhar publique"
    ),
    "pay": (
        "zahle zahlen bezahle bezahlen überweise überweisen erstatte erstatten begleiche begleichen kaufe kaufen "
        "bestelle bestellen betaal betalen bestel bestellen paie paye payez payer verse versez verser vire virez virer "
        "rembourse remboursez rembourser achète achetez acheter commande commandez commander règle paga pague pagar "
        "transfiere transfiera transferir reembolsa reembolsar compra compre comprar pagare bonifica bonificare "
        "rimborsa rimborsare compra comprare ordina ordini ordinare transfira reembolse encomende encomendar"
    ),
    "make": (
        "erstelle erstellen anlegen buche buchen reserviere reservieren plane planen eintragen trage hinzufügen füge "
        "speichere speichern notiere notieren hochladen schreib schreibe schreiben maak maken boek boeken plan "
        "reserveer crée créez créer ajoute ajoutez ajouter réserve réservez réserver planifie planifiez planifier "
        "enregistre enregistrez enregistrer rédige rédigez note notez crea cree crear añade añadir agrega agregar "
        "reserva reserve reservar programa programar planifica planificar guarda guardar apunta creare aggiungi "
        "aggiungere prenota prenotare pianifica pianificare salva salvare annota crie criar adicione adicionar reserve "
        "reservar agende agendar salve salvar"
    ),
    "change": (
        "ändere ändern aktualisiere aktualisieren verschiebe verschieben setze setzen umbenennen korrigiere "
        "korrigieren ersetze ersetzen verlängere verlängern erhöhe erhöhen senke senken übergib übergeben skaliere "
        "skalieren stelle wijzig wijzigen verplaats verplaatsen change changez changer modifie modifiez modifier "
        "déplace déplacez déplacer mets mettez reporte reportez reporter remplace remplacez remplacer corrige cambia "
        "cambie cambiar modifica modificar actualiza actualizar mueve mover aplaza aplazar pon ponga poner corrige "
        "corregir cambiare modificare aggiorna aggiornare sposta spostare imposta impostare correggi mude mudar altere "
        "alterar atualize atualizar mova mover adie adiar"
    ),
    "remove": (
        "lösche lösch löschen entferne entfernen storniere stornieren streiche streichen absagen schliesse schliess "
        "schliessen kündige kündigen verwijder verwijderen annuleer annuleren sluit sluiten supprime supprimez "
        "supprimer efface effacez effacer annule annulez annuler retire retirez retirer enlève enlevez enlever ferme "
        "fermez fermer résilie borra borre borrar elimina elimine eliminar cancela cancele cancelar anula anular quita "
        "quitar cierra cierre cerrar eliminare cancella cancelli cancellare annulla annullare rimuovi rimuovere chiudi "
        "chiudere apague apagar exclua excluir cancele remova remover feche fechar"
    ),
    "give": (
        "teile teilen gib geben gewähre gewähren freigeben freischalten erlaube erlauben übergib übergeben deel delen "
        "geef geven partage partagez partager donne donnez donner accorde accordez accorder comparte compartir da dale "
        "dar concede conceder condividi condividere concedi concedere dai dare compartilhe compartilhar dê conceda"
    ),
    "invite": "lade einladen nodig uitnodigen invite invitez inviter invita invitar invitare convide convidar",
    "run": "starte starten ausführen start uitvoeren lance lancez lancer exécute ejecuta ejecutar inicia iniciar "
    "avvia avviare esegui eseguire execute executar inicie",
    "stop": "stoppe stoppen anhalten arrête arrêtez arrêter detén detener para ferma fermare pare parar",
    "restart": "neustarten redémarre redémarrez redémarrer reinicia reiniciar riavvia riavviare reinicie",
    "release": "deploye deployen ausrollen déploie déployez déployer despliega desplegar distribuisci implante",
    "merge": "merge zusammenführen fusionne fusionnez fusionner fusiona fusionar unisci",
    "accept": "genehmige genehmigen bestätige bestätigen approuve approuvez approuver confirme confirmez confirmer "
    "aprueba aprobar confirma confirmar approva approvare conferma confermare aprove aprovar",
    "refuse": "ablehnen refuse refusez refuser rejette rechaza rechazar rifiuta rifiutare rejeite rejeitar",
}
_SCRIPTS: dict[str, str] = {
    "tell": "发送 发给 发一 发个 回复 通知 告诉 转发 發送 回覆 告訴 轉發 送って 送信 返信 連絡 知らせ 보내 답장 알려줘 "
    "отправь отправьте отправить напиши напишите сообщи сообщите ответь ответьте أرسل اكتب أخبر",
    "pay": "支付 付款 转账 汇款 退款 轉帳 匯款 订购 支払 振り込 振込 返金 注文 송금 결제 환불 주문 "
    "оплати оплатите переведи переведите верни закажи закажите ادفع حول",
    "make": "创建 新建 添加 预订 预约 安排 建立 新增 預訂 保存 作成 追加 予約 登録 만들 추가 예약 등록 "
    "создай создайте добавь добавьте забронируй запланируй أنشئ أضف احجز",
    "change": (
        "修改 更改 更新 调整 设置 改到 改为 調整 設定 変更 変えて "
        "수정 변경 설정 измени измените обнови обновите перенеси перенесите غيّر حدّث"
    ),
    "remove": (
        "删除 取消 移除 关闭 刪除 關閉 削除 キャンセル 閉じて "
        "삭제 취소 제거 удали удалите отмени отмените закрой احذف ألغ"
    ),
    "give": "分享 共享 授权 授予 授權 共有 공유 поделись предоставь дай شارك",
    "invite": "邀请 邀請 招待 초대 пригласи пригласите ادع",
}
_OF: dict[str, frozenset[str]] = {}
for _class, _forms in _VERBS.items():
    for _form in _forms.split():
        _OF[_form] = _OF.get(_form, frozenset()) | {_class}
_OWN = frozenset(_OF) - words(" ".join(CLASSES.values()))
"""Verbs that are no English ones."""
_SIGNS = tuple((kind, tuple(forms.split())) for kind, forms in _SCRIPTS.items())


def foreign(text: str) -> bool:
    """Whether a folded text is most likely no English: by its script, or by its small words."""
    found = _LETTERS.findall(text)
    if not found:
        return False
    if sum(map(len, found)) < 3 * sum(len(word) for word in found if not _LATIN.match(word)):
        return True
    english = sum(word in _ENGLISH for word in found)
    others = sum(word in _OTHERS or word in _OWN or (word not in _ENGLISH and not word.isascii()) for word in found)
    return others > english


def asks(text: str) -> frozenset[str]:
    """The classes of effect that a folded request in another language asks for."""
    found = _LETTERS.findall(text)
    classes = {
        kind
        for place, word in enumerate(found)
        for kind in _OF.get(word, ())
        if _NEGATED.isdisjoint(found[max(0, place - 1) : place + 3])
    }
    if not text.isascii():
        classes |= {kind for kind, forms in _SIGNS if any(form in text for form in forms)}
    return frozenset(classes)
