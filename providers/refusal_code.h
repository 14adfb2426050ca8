#pragma once
// Which of our errors an upstream's refusal is: by its status, its own codes, and where those
// say too little by the words of its message. The table is wire-facts' 6.5. Pure.

#include "config/base/error.h"
#include "providers/refusal.h"

namespace providers {

// The status that the refusal's codes stand for, where neither HTTP nor `code` gives one.
int status_of_words(const Refusal& refusal);

// `refusal.status` is known.
config::ErrorCode code_of(const Refusal& refusal);

}  // namespace providers
