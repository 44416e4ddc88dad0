# shellcheck shell=bash
# What ./run and ./test do alike: install what is missing, build a preset quietly. Sourced by bash with
# `top` set to the checkout.
: "${top:?the checkout}"

say() { printf '%s\n' "doorbuster: $*" >&2; }

# show_failure LOG MESSAGE: the end of a log, where the rest is, and what went wrong as the last line.
show_failure() {
  tail -n 40 "$1" >&2
  say "$2; the whole log is $1"
}

# install_packages SECTION...: the packages of those sections of packages.txt that are not there yet.
install_packages() {
  local wanted missing=() as_root=() name log=$top/build/log/install.log
  local -A installed=()
  mapfile -t wanted < <(awk -v sections=" $* " 'index(sections, " " $1 " ") { print $2 }' "$top/packages.txt")
  if ! command -v dpkg-query >/dev/null; then
    say "not a Debian system: going on as if these were installed: ${wanted[*]}"
    return 0
  fi
  # A package counts as there where another one provides it: the nodejs of others than Debian brings npm.
  while read -r name; do installed[$name]=1; done \
    < <(dpkg-query -W -f '${db:Status-Status},${Package},${Provides}\n' |
        awk -F, '$1 == "installed" { for (i = 2; i <= NF; i++) { split($i, word, " "); if (word[1]) print word[1] } }')
  for name in "${wanted[@]}"; do
    [ -n "${installed[$name]-}" ] || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo)
    # Without a terminal there is nobody to type a password.
    [ -t 0 ] || as_root=(sudo -n)
    if ! command -v sudo >/dev/null || ! "${as_root[@]}" true; then
      say "these packages are missing, and this user cannot install them: ${missing[*]}"
      say "as root: apt-get install --no-install-recommends ${missing[*]}"
      return 1
    fi
  fi
  say "installing ${missing[*]}"
  mkdir -p "${log%/*}"
  as_root+=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
  # A failed update is no reason to stop: the lists may be good enough, and install says if not.
  "${as_root[@]}" update >"$log" 2>&1 </dev/null || true
  if ! "${as_root[@]}" install --no-install-recommends "${missing[@]}" >>"$log" 2>&1 </dev/null; then
    show_failure "$log" "could not install ${missing[*]}"
    return 1
  fi
}

# install_npm_packages FOLDER: what FOLDER/package-lock.json names, unless just that is there already.
# Nothing of it runs while it is installed. One at a time, as builds.
install_npm_packages() {
  local folder=$top/$1 log=$top/build/log/npm-${1//\//-}.log
  local there=$folder/node_modules/.installed-lock.json
  if cmp -s "$folder/package-lock.json" "$there"; then return 0; fi
  mkdir -p "${log%/*}"
  (
    flock 9
    if cmp -s "$folder/package-lock.json" "$there"; then exit 0; fi
    say "installing what $1/package.json names"
    if ! (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --prefer-offline) >"$log" 2>&1 </dev/null; then
      show_failure "$log" "could not install the packages of $1"
      exit 1
    fi
    cp "$folder/package-lock.json" "$there"
  ) 9>"$log.lock"
}

# count_steps NAME: ninja's steps as one line that counts, for a person at a terminal.
count_steps() {
  if [ ! -t 2 ] || [ "${TERM:-dumb}" = dumb ]; then
    cat >/dev/null
    return
  fi
  local step
  while read -r step; do printf '\rdoorbuster: building %s %s ' "$1" "$step" >&2; done \
    < <(sed -un 's/^\(\[[0-9]*\/[0-9]*\]\).*/\1/p')
  printf '\r\033[K' >&2
}

# build_preset PRESET TARGET: configures if need be and builds; speaks only if there is work to do.
# One at a time for each preset, since two builds in one folder disturb each other.
build_preset() {
  local preset=$1 target=$2 build=$top/build/$1 log=$top/build/log/$1.log
  mkdir -p "${log%/*}"
  (
    flock 9
    cd "$top" || exit 1
    # The build notices a changed CMakeLists.txt by itself, but not changed presets.
    if [ ! -e "$build/build.ninja" ] || [ CMakePresets.json -nt "$build/build.ninja" ]; then
      if ! cmake --preset "$preset" >"$log" 2>&1 </dev/null; then
        rm -f "$build/build.ninja"
        show_failure "$log" "could not configure $preset"
        exit 1
      fi
      touch "$build/build.ninja"
    fi
    if ninja -C "$build" -n "$target" 2>/dev/null | grep -q 'no work to do'; then exit 0; fi
    say "building $preset"
    if ! cmake --build "$build" --target "$target" --parallel "$(nproc)" 2>&1 </dev/null |
         tee "$log" | count_steps "$preset"; then
      show_failure "$log" "could not build $preset"
      exit 1
    fi
  ) 9>"$log.lock"
}
