# frozen_string_literal: true

require "erb"
require "time"

module Larkfield
  # Reminds shoppers of a basket they left behind, without becoming a nuisance.
  #
  # A reminder goes out four hours after the last change to the basket, once a week at most,
  # never at night, and never to somebody who said no or who has bought in the meantime.
  class BasketReminder
    WAIT = 4 * 60 * 60
    AT_MOST_EVERY = 7 * 24 * 60 * 60
    QUIET_FROM_HOUR = 21
    QUIET_UNTIL_HOUR = 8
    MINIMUM_VALUE_PENCE = 1_500

    Basket = Struct.new(:customer_id, :email, :changed_at, :value_pence, :items, keyword_init: true)

    TEMPLATE = ERB.new(<<~TEXT, trim_mode: "-")
      Hello,

      you left these in your basket:
      <%- basket.items.first(5).each do |item| -%>
        * <%= item %>
      <%- end -%>
      We keep baskets for sixty days, but we cannot keep the stock.

      Stop these reminders: <%= unsubscribe_url %>
    TEXT

    # @param preferences answers +reminders_allowed?(customer_id)+
    # @param history answers +last_reminder(customer_id)+ and +ordered_since?(customer_id, time)+
    # @param outbox answers +deliver(to:, subject:, body:)+
    def initialize(preferences:, history:, outbox:)
      @preferences = preferences
      @history = history
      @outbox = outbox
    end

    # Send a reminder for each basket that is due, and return the baskets that got one.
    def run(baskets, now: Time.now)
      return [] if quiet?(now)

      baskets.select { |basket| due?(basket, now) }.each { |basket| remind(basket) }
    end

    # Whether this basket should be reminded of at the moment +now+.
    def due?(basket, now)
      return false if basket.value_pence < MINIMUM_VALUE_PENCE
      return false if now - basket.changed_at < WAIT
      return false unless @preferences.reminders_allowed?(basket.customer_id)
      return false if @history.ordered_since?(basket.customer_id, basket.changed_at)

      last = @history.last_reminder(basket.customer_id)
      last.nil? || now - last >= AT_MOST_EVERY
    end

    private

    # Night in Britain, where the customers sleep, wherever the server is.
    def quiet?(now)
      hour = now.getlocal(british_offset(now)).hour
      hour >= QUIET_FROM_HOUR || hour < QUIET_UNTIL_HOUR
    end

    # Summer time lasts from the last Sunday in March to the last Sunday in October, 01:00 UTC.
    def british_offset(now)
      starts, ends = [3, 10].map { |month| last_sunday(now.utc.year, month) }
      now >= starts && now < ends ? "+01:00" : "+00:00"
    end

    def last_sunday(year, month)
      last = Time.utc(year, month, 31, 1)
      last - (last.wday * 24 * 60 * 60)
    end

    def remind(basket)
      unsubscribe_url = "https://shop.larkfield.example/reminders/off/#{basket.customer_id}"
      body = TEMPLATE.result_with_hash(basket: basket, unsubscribe_url: unsubscribe_url)
      @outbox.deliver(to: basket.email, subject: "Still thinking about it?", body: body)
    end
  end
end
