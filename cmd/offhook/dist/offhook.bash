# Completion of offhook(1) for bash.

_offhook() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} w verbs='' flags=''
    local -a said=()
    for w in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [[ $w == -* ]] || said+=("$w")
    done
    COMPREPLY=()
    case $prev in
    --state-dir | --dir | --root) compopt -o dirnames; return ;;
    --config | --descriptor | --helper | --pcap | --output) compopt -o default; return ;;
    --virtual)
        mapfile -t COMPREPLY < <(compgen -W 'handset phone headset' -- "$cur")
        return
        ;;
    --account | --handset | --call) return ;;
    esac
    case "${said[*]}" in
    '')
        verbs='run demo quit dial answer decline hang-up hold resume swap conference transfer mute dtmf record play dnd status events
            trace account devices udev handset version'
        ;;
    account) verbs='list test' ;;
    devices) verbs='list describe monitor test learn export' ;;
    udev) verbs='install remove check' ;;
    handset) verbs='lift hang-up press mute flash redial reject hook volume-up volume-down unplug plug show' ;;
    mute | dnd) verbs='on off' ;;
    esac
    case ${said[*]} in
    run*) flags='--config --headless --virtual --verbose' ;;
    demo*) flags='--dir --kernel' ;;
    dial*) flags='--account --handset' ;;
    answer* | handset*) flags='--handset' ;;
    trace*) flags='--full --pcap' ;;
    dtmf* | transfer*) flags='--call' ;;
    record*) flags='--stop --tone --call' ;;
    play*) flags='--stop --call' ;;
    'devices describe'*) flags='--descriptor' ;;
    'devices learn'*) flags='--output --kind --force' ;;
    'devices export'*) flags='--for' ;;
    'udev install'*) flags='--share --root --helper' ;;
    'udev remove'*) flags='--root' ;;
    esac
    [[ $cur == -* ]] && verbs="$flags --state-dir --json --help"
    mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$cur")
}

complete -F _offhook offhook
